"""The k units of a group with the largest fields.

@article{majani1989winners,
  title = {On the {K}-winners-take-all network},
  author = {Majani, E. and Erlanson, R. and Abu-Mostafa, Y.},
  journal = {Advances in Neural Information Processing Systems}, volume = {1},
  pages = {634--642}, year = {1989}
}
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from darnax.activations.interface import Activation
from darnax.shapes import require_count


class KWinners(Activation):
    """`ρ(h)_i = 1` for the k largest fields over the last axis, and 0 for the others.

    There are exactly k winners: of equal fields the first ones win. The derivative is a surrogate,
    1 for a winner and 0 for the others.

    Args:
        k: number of winners.

    Raises:
        ValueError: k is not a positive integer, or above the length of the last axis.

    Example:
        >>> import jax.numpy as jnp
        >>> KWinners(2)(jnp.array([[0.5, -1.0, 0.5, 0.5]])).tolist()
        [[1.0, 0.0, 1.0, 0.0]]
    """

    k: int = eqx.field(static=True)

    def __init__(self, k: int) -> None:
        if not require_count("k", k):
            raise ValueError("k: got 0, expected one winner at least")
        self.k = int(k)

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        if self.k > h.shape[-1]:
            what = f"expected {h.shape[-1]} at most, the units of a group"
            raise ValueError(f"k: got {self.k} winners, {what}")
        _, winners = jax.lax.top_k(h, self.k)
        return jnp.put_along_axis(jnp.zeros_like(h), winners, 1.0, axis=-1, inplace=False)

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return self(h)
