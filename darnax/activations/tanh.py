"""The hyperbolic tangent."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from darnax.activations.interface import Activation


class Tanh(Activation):
    """`ρ(h) = tanh(h)`, with the slope `1 − tanh(h)²`.

    Example:
        >>> import jax.numpy as jnp
        >>> Tanh()(jnp.zeros((1, 1))).tolist(), Tanh().derivative(jnp.zeros((1, 1))).tolist()
        ([[0.0]], [[1.0]])
    """

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return jnp.tanh(h)

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return 1 - jnp.tanh(h) ** 2
