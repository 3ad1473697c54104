"""An opened dataset: splits, each of which yields windows of raw examples that lie on the device."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import jax


class Window(NamedTuple):
    """A block of raw examples on the device; only the first `count` are real.

    `inputs` (n, *raw) uint8, or float32 for made-up tasks; `targets` (n,) int32 classes, or (n, *size) float32 patterns.
    `count == n` except in the last window of an evaluation of a streamed split.
    """

    inputs: jax.Array
    targets: jax.Array
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody asks a window for


class Split(Protocol):
    """A part of a dataset: train, validation or test."""

    def __len__(self) -> int:
        """Return the number of examples."""
        ...

    def batches(self, size: int) -> int:
        """Return the number of whole batches in the windows of one epoch."""
        ...

    def example(self) -> jax.ShapeDtypeStruct:
        """Return what one raw input is like."""
        ...

    def windows(self, epoch: int | None) -> Iterator[Window]:
        """Yield the examples of one epoch; `None` yields every one of them in order, for evaluation."""
        ...


@dataclass(frozen=True)
class Dataset:
    """An opened dataset. `class_names` is empty for tasks whose targets are patterns."""

    name: str
    train: Split
    validation: Split | None
    test: Split
    class_names: tuple[str, ...]
