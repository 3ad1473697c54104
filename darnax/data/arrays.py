"""A dataset of arrays in memory: what a source of one's own usually returns."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from darnax.data.dataset import Dataset
from darnax.data.resident import Resident
from darnax.printing import count_of

Arrays = tuple[ArrayLike, ArrayLike]  # inputs and targets of one split


def dataset_from_arrays(
    name: str,
    *,
    train: Arrays,
    test: Arrays,
    validation: Arrays | None = None,
    class_names: Sequence[str] = (),
) -> Dataset:
    """Return a dataset in memory.

    Args:
        name: of the dataset.
        train: inputs `(n, *raw)` and targets: integers `(n,)`, classes counted from 0, or floating
            numbers `(n, *size)`, patterns or values.
        test: another pair; the same pair where the task is to recall what was trained on.
        validation: another pair; with None, `data.validation=N` keeps examples out of training.
        class_names: one for each class; empty where targets are no classes.

    Inputs of 8 bits stay as they are, all others become float32; classes become int32.

    Raises:
        ValueError: a split with no examples, with other numbers of inputs than of targets, or with
            something else than finite real numbers; or a class without a name.
        RequestError: the validation split is the test split.

    Example:
        >>> pair = np.zeros((5, 2)), np.arange(5)
        >>> len(dataset_from_arrays("zeros", train=pair, test=(np.ones((3, 2)), np.arange(3))).test)
        3
    """
    trained_on = _split("train", train, class_names)

    def split(role: str, pair: Arrays) -> Resident:
        return trained_on if pair is train else _split(role, pair, class_names)

    return Dataset(
        name,
        train=trained_on,
        validation=None if validation is None else split("validation", validation),
        test=split("test", test),
        class_names=tuple(class_names),
    )


def _split(role: str, pair: Arrays, class_names: Sequence[str]) -> Resident:
    inputs, targets = _numbers(f"inputs of {role}", pair[0]), np.asarray(pair[1])
    is_classes = targets.ndim == 1 and targets.dtype.kind in "iu"
    if not is_classes:
        targets = _numbers(f"targets of {role}", targets)
    if not len(inputs) or len(inputs) != len(targets):
        what = f"got {count_of(len(inputs), 'input')} and {count_of(len(targets), 'target')}"
        raise ValueError(f"{role}: {what}, expected the same positive number of both")
    if is_classes and class_names and not 0 <= targets.min() <= targets.max() < len(class_names):
        what = f"got classes from {targets.min()} to {targets.max()}"
        raise ValueError(f"{role}: {what}, expected 0 to {len(class_names) - 1}, one for each name")
    return Resident(inputs, targets.astype(np.int32) if is_classes else targets)


def _numbers(what: str, values: ArrayLike) -> NDArray[np.generic]:
    array = np.asarray(values)
    if array.ndim < 1 or array.dtype.kind not in "biuf":
        raise ValueError(f"{what}: got {array.dtype}, expected an array of real numbers")
    if array.dtype == np.uint8:
        return array
    if not np.isfinite(array).all():
        raise ValueError(f"{what}: got NaN or an infinite number, expected finite numbers")
    return array.astype(np.float32)
