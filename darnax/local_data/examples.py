"""Examples of one's own, read from files or arrays, before they are divided into splits."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from darnax.data.dataset import Dataset, Split
from darnax.data.progress import Progress, silent
from darnax.data.reader import Arrays
from darnax.data.resident import Resident
from darnax.data.selection import Selection
from darnax.data.streamed import Streamed
from darnax.errors import Problem, RequestError
from darnax.local_data.image_listing import name_some

GIB = 2**30
_WINDOWS_IN_MEMORY = 4  # on the device at once where arrays are streamed, as for prepared sets


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs and targets by split.

    Args:
        name: of the data, for messages.
        splits: `train`, and `validation` and `test` where they exist; inputs (n, *raw), and targets
            (n,) int32 classes or (n, *size) float32.
        class_names: one for each class; empty where targets are no classes.
    """

    name: str
    splits: Mapping[str, Arrays]
    class_names: tuple[str, ...]


class LocalSource(abc.ABC):
    """Data in files of one's own, or in arrays: what `data=folder`, `data=arrays`, … name.

    A configuration divides them by `data.validation` and `data.test`.
    """

    def prepare(self, directory: Path, progress: Progress = silent) -> None:
        """Do what has to be done once, before the first outline; by default nothing."""
        del directory, progress

    @abc.abstractmethod
    def read(self, directory: Path, progress: Progress = silent) -> Examples:
        """Return all examples.

        Args:
            directory: for caches that cannot lie beside the data.
            progress: called while the data are decoded.

        Raises:
            RequestError: the data are missing, damaged, or not of one shape.
        """

    def outline(self, directory: Path) -> Examples:
        """Return examples of the same number, shapes and classes; their inputs may be zeros."""
        return self.read(directory)


def divide_examples(
    examples: Examples, selection: Selection, *, memory_gib: float, seed: int = 0
) -> Dataset:
    """Divide examples into train, validation and test, and keep what `selection` keeps.

    Raises:
        RequestError: naming every setting that cannot apply to these examples.
    """
    _require_possible(examples, selection)
    train = examples.splits["train"]
    has_classes = bool(examples.class_names)
    labels = train.targets if has_classes else np.zeros(len(train.targets), np.int32)
    kept, carved, tested = selection.divide(labels)
    parts = {"train": _take(train, kept, selection)}
    for role, indices in (("validation", carved), ("test", tested)):
        if role in examples.splits:
            own = examples.splits[role]
            every = np.arange(len(own.targets))
            if has_classes:
                every = selection.kept_indices(own.targets)
            parts[role] = _take(own, every, selection)
        elif len(indices):
            parts[role] = _take(train, indices, selection)
    names = examples.class_names
    if selection.only_classes is not None:
        names = tuple(names[label] for label in selection.only_classes)
    splits: dict[str, Split] = {role: Resident(*part) for role, part in parts.items()}
    dataset = Dataset(
        examples.name, splits["train"], splits.get("validation"), splits["test"], names
    )
    return stream_if_larger(dataset, memory_gib=memory_gib, seed=seed)


def require_learnable(examples: Examples) -> None:
    """Raise RequestError if the classes are fewer than two, or train lacks one of another split.

    A run that exists is evaluated on other data of its classes, which may lack some.
    """
    names, train = examples.class_names, examples.splits["train"].targets
    if len(names) == 1:
        what = f"{examples.name} has the class {names[0]} alone, expected two or more"
        raise RequestError(Problem("data", f"{what}; add examples of others"))
    problems = []
    for role, (_, targets) in examples.splits.items():
        absent = np.setdiff1d(targets, train)
        if names and len(absent):
            shown = name_some([names[label] for label in absent])
            what = f"{role} of {examples.name} has the classes {shown}, of which train has no"
            problems.append(Problem("data", f"{what} example; add some to train, or remove them"))
    if problems:
        raise RequestError(*problems)


def _require_possible(examples: Examples, selection: Selection) -> None:
    """Raise RequestError naming every setting that cannot apply."""
    selection.check(len(examples.class_names))
    name, problems = examples.name, []
    for role in ("validation", "test"):
        size, own = getattr(selection, role), examples.splits.get(role)
        if size and own is not None:
            has = f"{name} has a {role} split of its own, of {len(own.targets)}"
            problems.append(Problem(f"data.{role}", f"got {size}, expected 0: {has}"))
    if "test" not in examples.splits and not selection.test:
        what = f"got 0, but {name} has no test split; keep a share of it, with data.test=0.2"
        problems.append(Problem("data.test", what))
    if not examples.class_names:
        for setting in ("per_class", "only_classes"):
            if getattr(selection, setting) is not None:
                what = f"the targets of {name} are not classes; leave it out"
                problems.append(Problem(f"data.{setting}", what))
    if problems:
        raise RequestError(*problems)


def _take(arrays: Arrays, indices: np.ndarray, selection: Selection) -> Arrays:
    """Return the examples at `indices`, with their labels renumbered."""
    inputs, targets = arrays
    if targets.dtype == np.int32 and targets.ndim == 1:
        targets = selection.renumber(targets[indices])
    else:
        targets = targets[indices]
    if len(indices) == len(inputs):
        return Arrays(inputs, targets)  # all examples, in order: without a copy
    if is_outline(inputs):
        return Arrays(inputs[: len(indices)], targets)
    return Arrays(inputs[indices], targets)


def empty_inputs(count: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    """Return zeros of shape (count, *shape) that share one element, and so take no memory."""
    return np.broadcast_to(np.zeros((), dtype), (count, *shape))


def is_outline(inputs: np.ndarray) -> bool:
    """Return whether inputs are those of `empty_inputs`."""
    return inputs.size > 1 and not any(inputs.strides)


def stream_if_larger(dataset: Dataset, *, memory_gib: float, seed: int = 0) -> Dataset:
    """Return the dataset, streamed to the device where its inputs are larger than `memory_gib`."""
    splits = [dataset.train, dataset.validation, dataset.test]
    own = {id(split): split for split in splits if isinstance(split, Resident)}
    if sum(split.inputs.nbytes for split in own.values()) <= memory_gib * GIB:
        return dataset
    streams: dict[int, Split] = {}  # by identity: a split with two purposes stays one object
    for key, split in own.items():
        streams[key] = stream_arrays(split, round(memory_gib * GIB), seed)
    validation = dataset.validation
    return Dataset(
        dataset.name,
        streams.get(id(dataset.train), dataset.train),
        None if validation is None else streams.get(id(validation), validation),
        streams.get(id(dataset.test), dataset.test),
        dataset.class_names,
    )


def stream_arrays(split: Resident, memory: int, seed: int) -> Streamed:
    """Return a split whose examples are on the device in windows of a quarter of `memory`."""
    inputs, targets = split.inputs, split.targets
    example_bytes = max(1, inputs.nbytes // max(1, len(inputs)))
    window = max(1, memory // (_WINDOWS_IN_MEMORY * example_bytes))

    def read(indices: np.ndarray) -> Arrays:
        return Arrays(np.asarray(inputs[indices]), targets[indices])

    return Streamed(read, np.arange(len(targets)), window, seed)
