"""Weights that are equal in both directions, as those of a Hopfield network: dense, or sparse."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from darnax.connectivity.dense import Dense
from darnax.shapes import Size, as_size


class Symmetric(Dense):
    """A dense weight with `W_ij = W_ji` between units of one layer.

    It is drawn as `(Z + Zᵀ)/√2` with Z as in `Dense`, and its update is the symmetric part of the
    dense one, `(ΔW + ΔWᵀ)/2`: the projection of each step on symmetric weights. An optimiser that
    treats all entries alike keeps it symmetric to the last bit.

    Args:
        pre, post: sizes of the sending and of the receiving buffer, which have to be equal.
        hollow: no unit is an input of itself.

    Raises:
        ValueError: the two sizes differ.

    Example:
        >>> import jax
        >>> W = Symmetric(5, 5, hollow=True).init(jax.random.key(0))
        >>> bool((W == W.T).all()), float(abs(W.diagonal()).sum())
        (True, 0.0)
    """

    def __check_init__(self) -> None:
        if self.pre != self.post:
            what = "expected equal ones: symmetric weights couple the units of one layer"
            raise ValueError(f"got the sizes {self.pre} and {self.post}, {what}")

    def init(self, key: Key[Array, ""]) -> Float[Array, "pre post"]:
        weight = super().init(key)
        return (weight + weight.T) / jnp.sqrt(jnp.float32(2))

    def correlate(
        self, x: Float[Array, "batch *pre"], e: Float[Array, "batch *post"]
    ) -> Float[Array, "pre post"]:
        total = super().correlate(x, e)
        return (total + total.T) / 2

    def forget(
        self,
        weight: Float[Array, "pre post"],
        x: Float[Array, "batch *pre"],
        d: Float[Array, "batch *post"],
    ) -> Float[Array, "pre post"]:
        lost = super().forget(weight, x, d)
        return (lost + lost.T) / 2


class SparseSymmetric(Symmetric):
    """A symmetric weight of which most synapses are absent, at the cost of a dense one.

    A pair of units is coupled with the probability `fan_in/(N − 1)`, in both directions, so that
    `fan_in = round((1 − sparsity)·N)` is the mean number of the inputs of a unit. The weights of
    the synapses are drawn with the variance 1/fan_in; the others are 0, and stay so.

    Args:
        pre, post: sizes of the sending and of the receiving buffer, which have to be equal.
        sparsity: fraction of absent synapses in [0, 1).
        hollow: has to be true: no unit is an input of itself.
        key: draws which pairs of units are coupled.

    Raises:
        ValueError: the two sizes differ, a sparsity that leaves no synapse, or units that are
            inputs of themselves.

    Example:
        >>> import jax
        >>> couplings = SparseSymmetric(100, 100, 0.9, key=jax.random.key(0))
        >>> couplings.fan_in, bool((couplings.present == couplings.present.T).all())
        (10, True)
    """

    present: Bool[Array, "pre post"] = eqx.field(kw_only=True)
    inputs: int = eqx.field(static=True, kw_only=True)

    def __init__(
        self,
        pre: int | Size,
        post: int | Size,
        sparsity: float,
        hollow: bool = True,
        *,
        key: Key[Array, ""],
    ) -> None:
        self.pre, self.post, self.hollow = as_size(pre), as_size(post), hollow
        units = math.prod(self.pre)
        self.inputs = round((1 - sparsity) * units)
        if not hollow:
            raise ValueError("got hollow=False, expected couplings without self-synapses")
        if not 1 <= self.inputs < units:
            what = f"expected one that leaves between 1 and {units - 1} of {units} inputs"
            raise ValueError(f"got sparsity={sparsity}, {what}")
        drawn = jax.random.bernoulli(key, self.inputs / (units - 1), (units, units))
        above = jnp.triu(drawn, 1)
        self.present = above | above.T

    @property
    def fan_in(self) -> int:
        return self.inputs

    def init(self, key: Key[Array, ""]) -> Float[Array, "pre post"]:
        return jnp.where(self.present, super().init(key), 0.0)

    def correlate(
        self, x: Float[Array, "batch *pre"], e: Float[Array, "batch *post"]
    ) -> Float[Array, "pre post"]:
        return jnp.where(self.present, super().correlate(x, e), 0.0)
