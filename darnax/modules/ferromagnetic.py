"""An adapter that couples each unit to the unit at the same position of another buffer."""

from typing import Self

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key, PyTree

from darnax.modules.interfaces import Adapter
from darnax.modules.plasticity import mask_nothing, no_update
from darnax.shapes import Size, as_size, per_unit, require_buffers, require_per_unit


class Ferromagnetic(Adapter):
    """The message is `λ s`, the identity coupling of a chain; it has no plastic array.

    Args:
        features: number of units, or size, of both buffers.
        strength: λ, one number or one per unit.

    Example:
        >>> import jax.numpy as jnp
        >>> Ferromagnetic(2, strength=0.5)(jnp.array([[1.0, -1.0]])).tolist()
        [[0.5, -0.5]]
    """

    strength: Array
    features: Size = eqx.field(static=True)

    def __init__(self, features: int | tuple[int, ...], strength: ArrayLike = 1.0) -> None:
        self.features = as_size(features)
        require_per_unit("strength", strength, self.features)
        self.strength = jnp.asarray(strength, jnp.float32)

    def __call__(
        self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *size"]:
        del rng
        require_buffers(x=(x, self.features))
        return x * per_unit("strength", self.strength, x)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        require_buffers(x=(x, self.features), y=(y, self.features), y_hat=(y_hat, self.features))
        return no_update(self)

    def plastic(self) -> PyTree[bool]:
        return mask_nothing(self)
