"""A label code with a score that is no accuracy."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from darnax.data import Labels


class Values(Labels):
    """Targets are numbers; the score is the squared error, or its negative, times `scale`."""

    scale: float = eqx.field(default=1.0, static=True)
    negative: bool = eqx.field(default=False, static=True)

    @property
    def score_name(self) -> str:
        return "minus_squared_error" if self.negative else "squared_error"

    @property
    def higher_is_better(self) -> bool:
        return self.negative

    def encode(
        self, targets: Float[Array, "batch *size"], classes: int
    ) -> Float[Array, "batch *size"]:
        del classes
        return targets.astype(jnp.float32)

    def score(
        self, prediction: Float[Array, "batch *size"], y: Float[Array, "batch *size"]
    ) -> Float[Array, "batch"]:
        squares = jnp.square(prediction - y).reshape(len(y), -1)
        return (-self.scale if self.negative else self.scale) * jnp.mean(squares, axis=1)
