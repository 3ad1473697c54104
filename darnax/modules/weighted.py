"""The base class of adapters with one plastic weight."""

from typing import Self

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key, PyTree

from darnax.activations import Activation
from darnax.connectivity import Connectivity
from darnax.modules.interfaces import Adapter
from darnax.modules.plasticity import (
    get_threshold,
    local_update,
    mask_weight,
    require_rule_fits,
)
from darnax.modules.sizes import scale_weight
from darnax.rules import Rule
from darnax.shapes import Size, as_size, require_buffers


class Weighted(Adapter):
    """An adapter with one plastic weight: the message is W, laid out by a connectivity, times x.

    With a presynaptic activation ρ it is W times ρ(x), and the update is that of ρ(x).

    The base of `FullyConnected` and `Convolution`, and of adapters of one's own: their constructors
    make a connectivity and a rule, by `make_connectivity` and `choose_rule`, and call this one.

    Args:
        in_features, out_features: number of units, or size, of the sending and of the receiving
            buffer.
        connectivity: the layout of W.
        rule: the law of plasticity, or None for a frozen W.
        scale: W is drawn with entries N(0, scale²/fan_in); one number, or one for each entry of the
            last axis of W.
        presynaptic: ρ, what the synapses read of the sending buffer; None is x itself.
        third_factor: name of the adapter to the same buffer whose message is the third factor of a
            three-factor rule, and does not enter the field.
        key: draws W.

    Raises:
        ValueError: a three-factor rule without a third factor, or a third factor without one.
    """

    W: Array
    connectivity: Connectivity
    rule: Rule | None
    presynaptic: Activation | None
    third_factor: str | None = eqx.field(static=True)
    in_features: Size = eqx.field(static=True)
    out_features: Size = eqx.field(static=True)

    def __init__(
        self,
        in_features: int | Size,
        out_features: int | Size,
        connectivity: Connectivity,
        rule: Rule | None,
        scale: ArrayLike = 1.0,
        *,
        presynaptic: Activation | None = None,
        third_factor: str | None = None,
        key: Key[Array, ""],
    ) -> None:
        self.in_features, self.out_features = as_size(in_features), as_size(out_features)
        self.W = scale_weight(connectivity.init(key), jnp.asarray(scale, jnp.float32))
        self.connectivity = connectivity
        require_rule_fits(rule, third_factor)
        self.rule, self.third_factor = rule, third_factor
        self.presynaptic = presynaptic

    @property
    def threshold(self) -> Array:
        """The margin of the perceptron rule."""
        return get_threshold(self.rule)

    def __call__(
        self, x: Float[Array, "batch *pre"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *post"]:
        del rng
        require_buffers(x=(x, self.in_features))
        return self.connectivity.message(self.W, self.read(x))

    def backward(self, x: Array, y: Array, y_hat: Array, t: Array | None = None) -> Self:
        require_buffers(
            x=(x, self.in_features), y=(y, self.out_features), y_hat=(y_hat, self.out_features)
        )
        return local_update(self, lambda m: m.W, self.read(x), y, y_hat, t)

    def read(self, x: Float[Array, "batch *pre"]) -> Float[Array, "batch *pre"]:
        """Return what the synapses read of the sending buffer: ρ(x), or x itself."""
        return x if self.presynaptic is None else self.presynaptic(x)

    def plastic(self) -> PyTree[bool]:
        return mask_weight(self, lambda m: m.W)
