"""The identity between −1 and +1."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from darnax.activations.interface import Activation


class HardTanh(Activation):
    """`ρ(h) = clip(h, −1, 1)`, with the slope `1[|h| ≤ 1]`.

    Both ends count as inside, so that a unit at −1 or +1 can still be driven back.

    Example:
        >>> import jax.numpy as jnp
        >>> h = jnp.array([[-2.0, 0.5, 1.0]])
        >>> HardTanh()(h).tolist(), HardTanh().derivative(h).tolist()
        ([[-1.0, 0.5, 1.0]], [[0.0, 1.0, 1.0]])
    """

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return jnp.clip(h, -1, 1)

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return (jnp.abs(h) <= 1).astype(h.dtype)
