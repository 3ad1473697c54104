r"""Layers whose units are coupled by an asymmetric matrix J, and each to itself by J_D.

@article{badalotti2025dynamical,
  title = {Dynamical learning in deep asymmetric recurrent neural networks},
  author = {Badalotti, Davide and Baldassi, Carlo and M{\'e}zard, Marc and Scardecchia, Mattia and
    Zecchina, Riccardo},
  journal = {arXiv preprint arXiv:2509.05041}, year = {2025}
}
"""

import math
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key, PyTree

from darnax.activations import sign
from darnax.connectivity import (
    Connectivity,
    ConnectivityFactory,
    Dense,
    Sparse,
    make_connectivity,
)
from darnax.modules.interfaces import Layer, sum_messages
from darnax.modules.plasticity import (
    RuleChoice,
    choose_rule,
    get_threshold,
    local_update,
    mask_weight,
)
from darnax.modules.sizes import in_degree, per_receiver, require_alone, scale_weight
from darnax.rules import Rule
from darnax.shapes import (
    Size,
    as_size,
    per_unit,
    require_buffers,
    require_messages,
    require_per_unit,
)


class Recurrent(Layer):
    """A recurrent layer without its activation: its self-message is `Σ_{j≠i} J_ji s_j + J_D s_i`.

    J has no self-synapses and never gains any; J_D, one number or one per unit, is not plastic.
    The base of layers of one's own: these define `activation`.

    Args:
        features: number of units, or the size of a buffer of several dimensions.
        connectivity: the layout of J, without self-synapses.
        j_d: self-coupling J_D; one number, or one per unit.
        rule: the law of plasticity, or None for a frozen J.
        strength: scale of the initial J; one number, or one per unit.
        key: draws J with independent entries N(0, strength²/fan_in).

    Raises:
        ValueError: a j_d or a strength of another size than the layer's.
    """

    J: Array
    J_D: Array
    connectivity: Connectivity
    rule: Rule | None
    features: Size = eqx.field(static=True)

    def __init__(
        self,
        features: int | Size,
        connectivity: Connectivity,
        j_d: ArrayLike,
        rule: Rule | None,
        *,
        strength: ArrayLike = 1.0,
        key: Key[Array, ""],
    ) -> None:
        self.features = as_size(features)
        require_per_unit("j_d", j_d, self.features)
        self.J = scale_weight(connectivity.init(key), per_receiver(strength, self.features))
        self.J_D = jnp.asarray(j_d, jnp.float32)
        self.connectivity = connectivity
        self.rule = rule

    @property
    def threshold(self) -> Array:
        """The margin of the perceptron rule."""
        return get_threshold(self.rule)

    def __call__(
        self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *size"]:
        del rng
        require_buffers(x=(x, self.features))
        return self.connectivity.message(self.J, x) + x * per_unit("J_D", self.J_D, x)

    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        require_messages(h, self.features)
        return sum_messages(h)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        require_buffers(x=(x, self.features), y=(y, self.features), y_hat=(y_hat, self.features))
        return local_update(self, lambda m: m.J, x, y, y_hat)

    def plastic(self) -> PyTree[bool]:
        return mask_weight(self, lambda m: m.J)


class RecurrentUnits(Recurrent):
    """A recurrent layer of units without a geometry, without its activation.

    The base of `RecurrentDiscrete` and `RecurrentTanh`, with their arguments; a subclass defines
    `activation`.
    """

    def __init__(
        self,
        features: int | tuple[int, ...],
        j_d: ArrayLike,
        threshold: ArrayLike | None = None,
        *,
        rule: RuleChoice = ...,
        sparsity: float | None = None,
        connectivity: ConnectivityFactory | None = None,
        strength: ArrayLike = 1.0,
        key: Key[Array, ""],
    ) -> None:
        size = as_size(features)
        chosen = choose_rule(rule, threshold, size)
        # Which synapses exist has to be independent of their values.
        layout, values = jax.random.split(key)
        made = make_couplings(connectivity, size, sparsity, layout)
        super().__init__(size, made, j_d, chosen, strength=strength, key=values)


class RecurrentDiscrete(RecurrentUnits):
    """Units of ±1: `s_i ← sign(Σ_{j≠i} J_ji s_j + J_D s_i + Σ messages)`, ties to +1.

    Args:
        features: number of units, or the size of a buffer of several dimensions.
        j_d: self-coupling J_D; one number, or one per unit.
        threshold: margin of the default perceptron rule; one number, or one per unit; default 0.
        rule: another law of plasticity, or None for a frozen J.
        sparsity: fraction of absent synapses in [0, 1): a unit has round((1 − sparsity)·features)
            inputs, drawn uniformly. None is dense.
        connectivity: another layout of J: a class of `darnax.connectivity.Connectivity`, or a
            function that returns one, called with those of `pre`, `post`, `hollow=True` and `key`
            that it has parameters for; it needs `hollow`. Not together with sparsity.
        strength: scale of the initial J; one number, or one per unit; 0 for an empty J.
        key: draws J with independent entries N(0, strength²/fan_in).

    Raises:
        ValueError: a sparsity that leaves no synapse, a threshold beside a rule of one's own, a
            j_d, threshold or strength of another size than the layer's, a connectivity together
            with a sparsity, or one that cannot leave out self-synapses.

    Example:
        >>> import jax
        >>> layer = RecurrentDiscrete(100, j_d=0.5, threshold=1.0, key=jax.random.key(0))
        >>> layer.J.shape, float(layer.J_D), float(abs(layer.J.diagonal()).sum())
        ((100, 100), 0.5, 0.0)
    """

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        require_buffers(x=(x, self.features))
        # The state is read in every step of the relaxation, and written once per step.
        return self.connectivity.preferred_layout(sign(x))


class RecurrentTanh(RecurrentUnits):
    """Continuous units: `s_i ← tanh(Σ_{j≠i} J_ji s_j + J_D s_i + Σ messages)`.

    Arguments as for `RecurrentDiscrete`.
    """

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        require_buffers(x=(x, self.features))
        return self.connectivity.preferred_layout(jnp.tanh(x))


def make_couplings(
    factory: ConnectivityFactory | None, size: Size, sparsity: float | None, key: Key[Array, ""]
) -> Connectivity:
    """Return the connectivity of a layer with itself, without self-synapses.

    Without a factory it is sparse, or dense without a sparsity.
    """
    if factory is not None:
        require_alone(sparsity=sparsity)
        return make_connectivity(factory, pre=size, post=size, key=key, hollow=True)
    if sparsity is None:
        return Dense(size, size, hollow=True)
    return Sparse.uniform(key, size, size, in_degree(sparsity, math.prod(size)), hollow=True)
