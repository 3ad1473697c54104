"""Blocks of examples out of a prepared set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from darnax.errors import RequestError, first_line


class Arrays(NamedTuple):
    """Raw inputs (n, *raw) and their labels (n,) int32."""

    inputs: np.ndarray
    targets: np.ndarray


class Damaged(RequestError):  # noqa: N818
    """A prepared set cannot be read, or contradicts its description."""


def describe_damage(what: str) -> Damaged:
    """Return the error that a prepared set is damaged, with what to do."""
    return Damaged(f"{what}: delete the folder and prepare it again")


@dataclass(frozen=True, eq=False)
class Reader:
    """Random access to one split.

    Args:
        what: the split and its set, for error messages.
        data: a source of records, of TFDS or of darnax.
        decode: from a record to its input and label.
        shape, dtype: of an input.
        classes: number of labels.
    """

    what: str
    data: Any
    decode: Callable[[bytes], tuple[np.ndarray, int]]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    classes: int

    def __len__(self) -> int:
        return len(self.data)

    def __call__(self, indices: Sequence[int] | np.ndarray) -> Arrays:
        """Decode the examples at `indices`, in that order.

        Raises:
            Damaged: a record fails its checksum, cannot be decoded, or has an impossible label.
        """
        try:
            inputs = np.empty((len(indices), *self.shape), self.dtype)
            targets = np.empty(len(indices), np.int32)
            records = self.data.__getitems__([int(index) for index in indices])
            for row, record in enumerate(records):
                inputs[row], targets[row] = self.decode(record)
            if len(targets) and (targets.min() < 0 or targets.max() >= self.classes):
                got = f"a label is {targets.min()} or {targets.max()}"
                raise ValueError(f"{got}, expected 0 to {self.classes - 1}")
        except Exception as error:
            # The record reader and the image decoders raise no common type.
            reason = f"cannot be read ({first_line(error)})"
            raise describe_damage(f"{self.what} {reason}") from error
        return Arrays(inputs, targets)
