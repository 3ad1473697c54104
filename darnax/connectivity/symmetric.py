"""Dense weights that are equal in both directions, as those of a Hopfield network."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from darnax.connectivity.dense import Dense


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
