"""The softmax over a group of units."""

from typing import Annotated

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.activations.interface import Activation
from darnax.ranges import POSITIVE


class Softmax(Activation):
    """`ρ(h)_i = exp(h_i/T) / Σ_j exp(h_j/T)` over the last axis.

    The slope is the diagonal of the Jacobian, `ρ_i (1 − ρ_i) / T`.

    Args:
        temperature: T, one positive number.

    Raises:
        ValueError: a temperature that is not positive.

    Example:
        >>> import jax.numpy as jnp
        >>> Softmax()(jnp.zeros((1, 2))).tolist()
        [[0.5, 0.5]]
        >>> Softmax(temperature=0.5).derivative(jnp.zeros((1, 2))).tolist()
        [[0.5, 0.5]]
    """

    temperature: Array

    def __init__(self, temperature: Annotated[ArrayLike, POSITIVE] = 1.0) -> None:
        POSITIVE.require("temperature", temperature)
        self.temperature = jnp.asarray(temperature, jnp.float32)

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return jax.nn.softmax(h / self.temperature, axis=-1)

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        shares = self(h)
        return shares * (1 - shares) / self.temperature
