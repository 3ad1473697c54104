"""A split that fits in memory: one window, put on the device once."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import jax
import numpy as np

from darnax.data.dataset import Window


@dataclass(frozen=True, eq=False)
class Resident:
    """All examples as one window, always the same device arrays: training shuffles inside it.

    Example:
        >>> split = Resident(np.zeros((5, 2), np.uint8), np.arange(5, dtype=np.int32))
        >>> [window.count for window in split.windows(epoch=0)]
        [5]
    """

    inputs: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)

    def batches(self, size: int) -> int:
        """Return the number of whole batches in the window."""
        return len(self) // size

    def example(self) -> jax.ShapeDtypeStruct:
        """Return the shape and the dtype of one raw input."""
        return jax.ShapeDtypeStruct(self.inputs.shape[1:], self.inputs.dtype)

    @cached_property
    def _window(self) -> Window:
        return Window(jax.device_put(self.inputs), jax.device_put(self.targets), len(self))

    def windows(self, epoch: int | None) -> Iterator[Window]:
        """Yield the one window, whatever the epoch."""
        del epoch
        yield self._window
