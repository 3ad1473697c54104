"""The rectifier."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from darnax.activations.interface import Activation


class ReLU(Activation):
    """`ρ(h) = max(0, h)`, with the slope `1[h > 0]`.

    Example:
        >>> import jax.numpy as jnp
        >>> h = jnp.array([[-1.0, 0.0, 2.0]])
        >>> ReLU()(h).tolist(), ReLU().derivative(h).tolist()
        ([[0.0, 0.0, 2.0]], [[0.0, 0.0, 1.0]])
    """

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return jnp.maximum(h, 0)

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return (h > 0).astype(h.dtype)
