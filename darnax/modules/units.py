"""Units whose activation, recurrence, leak and bias are arguments."""

from typing import Annotated, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key, PyTree

from darnax.activations import Activation, Sign
from darnax.connectivity import Connectivity, ConnectivityFactory
from darnax.modules.interfaces import Layer, sum_messages
from darnax.modules.plasticity import (
    RuleChoice,
    bias_update,
    choose_rule,
    local_update,
    mask_nothing,
    mask_weight,
    no_update,
    require_rule_fits,
)
from darnax.modules.recurrent import make_couplings
from darnax.modules.sizes import per_receiver, scale_weight
from darnax.ranges import SHARE
from darnax.rules import Rule, ThreeFactorRule
from darnax.shapes import (
    Size,
    as_size,
    per_unit,
    require_buffers,
    require_messages,
    require_per_unit,
)


class Units(Layer):
    """Units with any activation ρ: `s ← (1 − rate) s + rate ρ(h)`.

    The field is `h_i = Σ_j J_ji s_j + J_D s_i + b_i + Σ messages`. J exists with a connectivity
    or a sparsity, and the bias b with a rule for it; it starts at zero, and learns by
    `Δb = (1/√B) Σ_b e_b`, as a weight from one input that is always 1. For an image there is one
    bias for each channel, whose signals are summed over the positions.

    Args:
        features: number of units, or the size of a buffer of several dimensions.
        activation: ρ; default `Sign`.
        connectivity: the layout of J: a class of `darnax.connectivity.Connectivity`, or a function
            that returns one, called with those of `pre`, `post`, `hollow=True` and `key` that it
            has parameters for; it needs `hollow`. None is no J, unless there is a sparsity.
        sparsity: fraction of absent synapses of a sparse J in [0, 1). Not together with a
            connectivity.
        j_d: self-coupling J_D; one number, or one per unit.
        strength: scale of the initial J; one number, or one per unit; default 1; 0 for an empty J.
        rule: the law of plasticity of J; default the perceptron rule; None for a frozen J.
        rate: of the leaky step, from 0 to 1, where the new state is ρ(h) itself; one number, or one
            per unit.
        bias: the law of plasticity of b. None is no bias.
        third_factor: name of the adapter to this layer that brings the third factor, where the rule
            of J or of b is a three-factor rule; its message does not enter the field.
        key: draws J with independent entries N(0, strength²/fan_in).

    Raises:
        ValueError: a connectivity that cannot leave out self-synapses or does not fit the layer, a
            j_d, strength or rate of another size, a rate that is not from 0 to 1, a rule or
            a strength without a J, or a J without a key.

    Example:
        >>> import jax.numpy as jnp
        >>> from darnax.activations import ReLU
        >>> layer = Units(2, ReLU(), rate=0.5)
        >>> layer.next_state(jnp.array([[1.0, 1.0]]), jnp.array([[3.0, -1.0]])).tolist()
        [[2.0, 0.5]]
    """

    rho: Activation
    J: Array | None
    J_D: Array
    b: Array | None
    rate: Array
    connectivity: Connectivity | None
    rule: Rule | None
    bias: Rule | None
    third_factor: str | None = eqx.field(static=True)
    features: Size = eqx.field(static=True)

    def __init__(
        self,
        features: int | tuple[int, ...],
        activation: Activation | None = None,
        *,
        connectivity: ConnectivityFactory | None = None,
        sparsity: float | None = None,
        j_d: ArrayLike = 0.0,
        strength: ArrayLike | None = None,
        rule: RuleChoice = ...,
        rate: Annotated[ArrayLike, SHARE] = 1.0,
        bias: Rule | None = None,
        third_factor: str | None = None,
        key: Key[Array, ""] | None = None,
    ) -> None:
        self.features = as_size(features)
        require_per_unit("j_d", j_d, self.features)
        require_per_unit("rate", rate, self.features)
        SHARE.require("rate", rate)
        self.rho = Sign() if activation is None else activation
        self.J_D, self.rate = jnp.asarray(j_d, jnp.float32), jnp.asarray(rate, jnp.float32)
        self.J, self.connectivity, self.rule = None, None, None
        if connectivity is not None or sparsity is not None:
            layout, values = split_key(key)
            self.connectivity = make_couplings(connectivity, self.features, sparsity, layout)
            scale = per_receiver(1.0 if strength is None else strength, self.features)
            self.J = scale_weight(self.connectivity.init(values), scale)
            self.rule = choose_rule(rule, None, self.features)
        elif rule not in (..., None) or strength is not None:
            got = f"rule={rule!r}" if strength is None else f"strength={strength}"
            what = "expected a connectivity or a sparsity beside it: without one there is no J"
            raise ValueError(f"got {got}, {what}")
        rules = [each for each in (self.rule, bias) if isinstance(each, ThreeFactorRule)]
        require_rule_fits(rules[0] if rules else None, third_factor)
        self.bias, self.third_factor = bias, third_factor
        # The biases of an image are those of its channels: all positions are alike.
        shared = self.features[-1:] if len(self.features) == 3 else self.features
        self.b = None if bias is None else jnp.zeros(shared)

    def __call__(
        self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *size"]:
        del rng
        require_buffers(x=(x, self.features))
        message = x * per_unit("J_D", self.J_D, x)
        if self.J is not None and self.connectivity is not None:
            message = self.connectivity.message(self.J, x) + message
        return message if self.b is None else message + per_unit("b", self.b, x)

    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        require_messages(h, self.features)
        return sum_messages(h)

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        require_buffers(x=(x, self.features))
        return self.rho(x)

    def next_state(
        self, s: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_buffers(s=(s, self.features), h=(h, self.features))
        rate = per_unit("rate", self.rate, s)
        # In this form a rate of 1 gives exactly ρ(h), and a rate of 0 exactly s.
        state = (1 - rate) * s + rate * self.activation(h)
        return state if self.connectivity is None else self.connectivity.preferred_layout(state)

    def backward(self, x: Array, y: Array, y_hat: Array, t: Array | None = None) -> Self:
        require_buffers(x=(x, self.features), y=(y, self.features), y_hat=(y_hat, self.features))
        update = no_update(self)
        if self.J is not None:
            update = local_update(self, lambda m: m.J, x, y, y_hat, t)
        if self.bias is None or self.b is None:
            return update
        change = bias_update(self.bias, y, y_hat, self.b.shape, t)
        return eqx.tree_at(lambda m: m.b, update, change)

    def plastic(self) -> PyTree[bool]:
        mask = mask_nothing(self) if self.J is None else mask_weight(self, lambda m: m.J)
        return mask if self.bias is None else eqx.tree_at(lambda m: m.b, mask, True)


def split_key(key: Key[Array, ""] | None) -> Key[Array, "2"]:
    """Return the keys of a layout and of its values; raise ValueError without a key."""
    if key is None:
        raise ValueError("got couplings J without a key, expected the key that draws them")
    # Which synapses exist has to be independent of their values.
    return jax.random.split(key)
