"""The base class of adapters that never learn."""

from typing import Self

import equinox as eqx
from jaxtyping import Array, PyTree

from darnax.modules.interfaces import Adapter
from darnax.modules.plasticity import mask_nothing, no_update
from darnax.shapes import Size, require_buffers


class FixedAdapter(Adapter):
    """An adapter without a plastic array: its update is zero. A subclass defines the message.

    Args:
        in_features, out_features: size of the sending and of the receiving buffer.
    """

    in_features: Size = eqx.field(static=True)
    out_features: Size = eqx.field(static=True)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        pre, post = self.in_features, self.out_features
        require_buffers(x=(x, pre), y=(y, post), y_hat=(y_hat, post))
        return no_update(self)

    def plastic(self) -> PyTree[bool]:
        return mask_nothing(self)
