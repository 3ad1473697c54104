"""Units of ±1 without couplings among themselves, and which layers have units of ±1."""

from typing import Any, Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree

from darnax.activations import sign
from darnax.modules.convolution import RecurrentConvolution
from darnax.modules.interfaces import Layer, sum_messages
from darnax.modules.plasticity import mask_nothing, no_update
from darnax.modules.recurrent import RecurrentDiscrete
from darnax.shapes import Size, as_size, require_buffers, require_messages


class BinaryUnits(Layer):
    """Units of ±1 that receive messages of other layers alone: `s_i ← sign(Σ messages)`.

    Ties go to +1. The layer has no couplings J and no parameters. With feedback from the error of a
    readout a unit then flips by that error alone, whereas couplings J among units that have not
    settled flip others as well.

    Args:
        features: number of units, or the size of a buffer of several dimensions.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = BinaryUnits(2)
        >>> layer.activation(layer.reduce([jnp.array([[0.5, -2.0]]), jnp.ones((1, 2))])).tolist()
        [[1.0, -1.0]]
    """

    features: Size = eqx.field(static=True)

    def __init__(self, features: int | tuple[int, ...]) -> None:
        self.features = as_size(features)

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        require_buffers(x=(x, self.features))
        return sign(x)

    def __call__(
        self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *size"]:
        del rng
        require_buffers(x=(x, self.features))
        return jnp.zeros_like(x)

    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        require_messages(h, self.features)
        return sum_messages(h)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        require_buffers(x=(x, self.features), y=(y, self.features), y_hat=(y_hat, self.features))
        return no_update(self)

    def plastic(self) -> PyTree[bool]:
        return mask_nothing(self)


def is_binary(layer: Any) -> bool:
    """Return whether every state of a layer is ±1, whatever its parameters are."""
    return isinstance(layer, BinaryUnits | RecurrentConvolution | RecurrentDiscrete)
