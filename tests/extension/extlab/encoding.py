"""A stage of an encoding."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Num

from darnax.data import Stage


class Threshold(Stage):
    """+1 where the input is above `level`, −1 elsewhere."""

    level: float = eqx.field(default=0.0, static=True)

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch *raw"]:
        return jnp.where(x > self.level, jnp.float32(1), jnp.float32(-1))
