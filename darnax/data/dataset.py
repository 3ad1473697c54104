"""An opened dataset: splits, each of which yields windows of raw examples on the device."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import jax
import numpy as np

from darnax.errors import Problem, RequestError


class Window(NamedTuple):
    """A block of raw examples on the device; only the first `count` are real.

    `inputs` (n, *raw) uint8, or float32 for synthetic tasks; `targets` (n,) int32 classes, or
    (n, *size) float32 patterns. `count == n` except in the last window of an evaluation of a
    streamed split.
    """

    inputs: jax.Array
    targets: jax.Array
    count: int  # type: ignore[assignment]  # hides tuple.count, which has no use for a window


class WindowPart(NamedTuple):
    """The part of a window that one of several processes reads; all parts have equal lengths.

    `count` is that of the whole window; the last part may end with repetitions.
    """

    inputs: jax.Array
    targets: jax.Array
    count: int  # type: ignore[assignment]  # as in a window


class Split(Protocol):
    """A part of a dataset: train, validation or test."""

    def __len__(self) -> int:
        """Return the number of examples."""
        ...

    def batches(self, size: int) -> int:
        """Return the number of whole batches in the windows of one epoch."""
        ...

    def example(self) -> jax.ShapeDtypeStruct:
        """Return the shape and the dtype of one raw input."""
        ...

    def windows(self, epoch: int | None) -> Iterator[Window]:
        """Yield the examples of one epoch; with `None` all of them in order, for evaluation."""
        ...


@dataclass(frozen=True)
class Dataset:
    """An opened dataset.

    `validation` is what networks and settings may be chosen by; with None nothing is evaluated
    before the end. `test` is evaluated once and nothing is chosen by it, so the two are never the
    same split, unless the task is to recall what was trained on. `class_names` is empty for tasks
    whose targets are patterns.

    Raises:
        RequestError: the validation split is the test split.
    """

    name: str
    train: Split
    validation: Split | None
    test: Split
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a validation split that is the test split."""
        if is_same(self.validation, self.test) and not is_same(self.test, self.train):
            what = (
                f"{self.name} has its test split as validation split; "
                "keep other examples out of training, or give None"
            )
            raise RequestError(Problem("data.source", what))


@runtime_checkable
class DataSource(Protocol):
    """What `data.source` names: an object that makes a dataset.

    Its constructor takes the settings of the configuration; `open` is called when a run starts.
    Where making the examples takes long, it may also have `outline()`, which returns a dataset of
    the same sizes without them, for checks before the start.
    """

    def open(self) -> Dataset:
        """Return the dataset; `dataset_from_arrays` makes one of arrays.

        Raises:
            RequestError: with `Problem("data.source", …)`: the settings make no dataset.
        """
        ...


def is_same(split: Split | None, other: Split) -> bool:
    """Return whether two splits are one object, or have equal arrays in memory."""
    if split is other or split is None:
        return split is other
    for name in ("inputs", "targets"):
        one, two = getattr(split, name, None), getattr(other, name, None)
        if not isinstance(one, np.ndarray) or not isinstance(two, np.ndarray):
            return False
        if not np.array_equal(one, two):
            return False
    return True
