"""A rule of plasticity."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.rules import Rule


class SoftPerceptron(Rule):
    """`e = rate · (y − tanh(h))`: move the field towards the state that it should lead to."""

    rate: Array

    def __init__(self, rate: ArrayLike = 1.0) -> None:
        self.rate = jnp.asarray(rate, jnp.float32)

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        return jnp.broadcast_to(self.rate, y.shape) * (y - jnp.tanh(h))
