"""The identity."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from darnax.activations.interface import Activation


class Linear(Activation):
    """`ρ(h) = h`, with the slope 1.

    Example:
        >>> import jax.numpy as jnp
        >>> h = jnp.array([[-2.0, 0.5]])
        >>> Linear()(h).tolist(), Linear().derivative(h).tolist()
        ([[-2.0, 0.5]], [[1.0, 1.0]])
    """

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return h

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return jnp.ones_like(h)
