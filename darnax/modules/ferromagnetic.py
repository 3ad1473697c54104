"""An adapter that pulls each unit of the receiver towards the unit of the sender at the same place."""

from typing import Self

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key, PyTree

from darnax.modules.interfaces import Adapter
from darnax.modules.plasticity import no_update, nothing_plastic
from darnax.modules.sizes import as_size


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
    features: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, features: int | tuple[int, ...], strength: ArrayLike = 1.0) -> None:
        self.features = as_size(features)
        self.strength = jnp.asarray(strength, jnp.float32)

    def __call__(self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None) -> Float[Array, "batch *size"]:
        del rng
        return x * jnp.broadcast_to(self.strength, x.shape)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        del x, y, y_hat
        return no_update(self)

    def plastic(self) -> PyTree[bool]:
        return nothing_plastic(self)
