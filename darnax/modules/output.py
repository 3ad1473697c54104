"""The layer that owns the output buffer."""

from typing import Self

import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree

from darnax.modules.interfaces import Layer, sum_messages
from darnax.modules.plasticity import no_update
from darnax.shapes import require_batch, require_equal, require_messages


class OutputLayer(Layer):
    """The layer of the output buffer: `s = Σ messages`, the scores of the readout.

    While the output is clamped its buffer is the label instead. The layer has no parameters; the
    adapters that send messages to it may learn.
    """

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        require_batch("x", x)
        return x

    def __call__(
        self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *size"]:
        del rng
        require_batch("x", x)
        # While the output is clamped its buffer is the label, which must not be among the scores.
        return jnp.zeros_like(x)

    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        require_messages(h)
        return sum_messages(h)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        require_equal(x=x, y=y, y_hat=y_hat)
        return no_update(self)
