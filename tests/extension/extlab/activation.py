"""An activation of another package."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.activations import Activation


class LeakyReLU(Activation):
    """`ρ(h) = max(leak·h, h)`."""

    leak: Array

    def __init__(self, leak: ArrayLike = 0.1) -> None:
        self.leak = jnp.asarray(leak, jnp.float32)

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return jnp.maximum(self.leak * h, h)

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return jnp.where(h > 0, 1.0, self.leak)
