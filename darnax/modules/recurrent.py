r"""Layers whose units talk to each other through an asymmetric coupling J, and to themselves through J_D.

@article{badalotti2025dynamical,
  title = {Dynamical learning in deep asymmetric recurrent neural networks},
  author = {Badalotti, Davide and Baldassi, Carlo and M{\'e}zard, Marc and Scardecchia, Mattia and Zecchina, Riccardo},
  journal = {arXiv preprint arXiv:2509.05041}, year = {2025}
}
"""

import math
import operator
from typing import Self

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key, PyTree

from darnax.connectivity import Connectivity, Dense, Sparse
from darnax.modules.interfaces import Layer
from darnax.modules.plasticity import RuleChoice, chosen_rule, local_update, only_plastic, threshold_of
from darnax.modules.sizes import as_size, in_degree
from darnax.rules import Rule


class Recurrent(Layer):
    """A recurrent layer but for its activation: the message to itself is `Σ_{j≠i} J_ji s_j + J_D s_i`.

    J has no self-synapses and never gains any; J_D, one number or one per unit, is not plastic.
    """

    J: Array
    J_D: Array
    connectivity: Connectivity
    rule: Rule | None

    def couple(self, connectivity: Connectivity, j_d: ArrayLike, rule: Rule | None, key: Key[Array, ""]) -> None:
        """Fill the fields; for constructors."""
        self.J = connectivity.init(key)
        self.J_D = jnp.asarray(j_d, jnp.float32)
        self.connectivity = connectivity
        self.rule = rule

    @property
    def threshold(self) -> Array:
        """The margin of the perceptron rule."""
        return threshold_of(self.rule)

    def __call__(self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None) -> Float[Array, "batch *size"]:
        del rng
        return self.connectivity.message(self.J, x) + x * jnp.broadcast_to(self.J_D, x.shape)

    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        return jnp.asarray(jax.tree.reduce(operator.add, h))

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        return local_update(self, lambda m: m.J, x, y, y_hat)

    def plastic(self) -> PyTree[bool]:
        return only_plastic(self, lambda m: m.J)


class RecurrentUnits(Recurrent):
    """Recurrent units without a geometry, densely or sparsely coupled, but for their activation."""

    def __init__(
        self,
        features: int | tuple[int, ...],
        j_d: ArrayLike,
        threshold: ArrayLike | None = None,
        *,
        rule: RuleChoice = ...,
        sparsity: float | None = None,
        key: Key[Array, ""],
    ) -> None:
        wiring, values = jax.random.split(key)
        self.couple(recurrent_connectivity(features, sparsity, wiring), j_d, chosen_rule(rule, threshold), values)


class RecurrentDiscrete(RecurrentUnits):
    """Units of ±1: `s_i ← sign(Σ_{j≠i} J_ji s_j + J_D s_i + Σ messages)`, ties to +1.

    Args:
        features: number of units, or the size of a buffer of several dimensions.
        j_d: self-coupling J_D.
        threshold: margin of the default perceptron rule; default 0.
        rule: another law of plasticity, or None for a frozen J.
        sparsity: fraction of absent synapses in [0, 1): a unit hears round((1 − sparsity)·features) others, drawn uniformly.
            None is dense.
        key: draws J with independent entries N(0, 1/fan_in).

    Raises:
        ValueError: a sparsity that leaves no synapse, or a threshold beside a rule of one's own.

    Example:
        >>> import jax
        >>> layer = RecurrentDiscrete(100, j_d=0.5, threshold=1.0, key=jax.random.key(0))
        >>> layer.J.shape, float(layer.J_D), float(abs(layer.J.diagonal()).sum())
        ((100, 100), 0.5, 0.0)
    """

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return self.connectivity.stored(sign(x))


class RecurrentTanh(RecurrentUnits):
    """Continuous units: `s_i ← tanh(Σ_{j≠i} J_ji s_j + J_D s_i + Σ messages)`; arguments as for `RecurrentDiscrete`."""

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return self.connectivity.stored(jnp.tanh(x))


def sign(h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
    """Return ±1, ties to +1."""
    return jnp.where(h >= 0, 1, -1).astype(h.dtype)


def recurrent_connectivity(features: int | tuple[int, ...], sparsity: float | None, key: Key[Array, ""]) -> Connectivity:
    """Return the connectivity of a layer with itself, without self-synapses."""
    size = as_size(features)
    if sparsity is None:
        return Dense(size, size, hollow=True)
    return Sparse.uniform(key, size, size, in_degree(sparsity, math.prod(size)), hollow=True)
