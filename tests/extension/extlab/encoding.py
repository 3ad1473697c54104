"""Stages of an encoding: a fixed, a random and a fitted one."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Num

from darnax.data import FittedStage, RandomStage, Stage, as_number


class Threshold(Stage):
    """+1 where the input is above `level`, −1 elsewhere."""

    level: float = eqx.field(default=0.0, static=True)

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch *raw"]:
        return jnp.where(x > self.level, jnp.float32(1), jnp.float32(-1))


class Swap(RandomStage):
    """The input backwards, with a probability."""

    probability: Array = eqx.field(converter=as_number)

    def __call__(self, x: Float[Array, " n"], key: Key[Array, ""]) -> Float[Array, " n"]:
        return jnp.where(jax.random.bernoulli(key, self.probability), x[::-1], x)


class Median(FittedStage):
    """Subtracts `strength` times the median of every entry over the training inputs."""

    strength: float = eqx.field(default=1.0, static=True)

    def fit(self, inputs: Float[Array, "examples n"]) -> dict[str, Array]:
        return {"median": jnp.median(inputs, axis=0)}

    def __call__(
        self, x: Float[Array, "batch n"], numbers: dict[str, Array]
    ) -> Float[Array, "batch n"]:
        return x - self.strength * numbers["median"]
