"""A dataset before it is opened: sizes, shapes and classes, without its examples."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import numpy as np

from darnax.data.cache import read_targets
from darnax.data.dataset import Dataset, Split, Window
from darnax.data.decoding import check_size
from darnax.data.finding import find
from darnax.data.opening import window_size
from darnax.data.preparing import GIB, find_or_prepare, require_preparable
from darnax.data.progress import Progress, silent
from darnax.data.reader import Damaged
from darnax.data.resident import Resident
from darnax.data.roles import assign_roles
from darnax.data.selection import Selection
from darnax.data.sources import Source, data_directory
from darnax.data.streamed import Streamed, whole_batches


@dataclass(frozen=True)
class Outline:
    """A split without its examples: `count` of them, each like `raw`, streamed if it has a window.

    `target` is the shape and the dtype of one target, where it is known.

    Example:
        >>> len(Outline(5, jax.ShapeDtypeStruct((2,), np.uint8)))
        5
    """

    count: int
    raw: jax.ShapeDtypeStruct
    window: int | None = None
    target: jax.ShapeDtypeStruct | None = None

    def __len__(self) -> int:
        return self.count

    def batches(self, size: int) -> int:
        """Return the number of whole batches in the windows of one epoch."""
        return whole_batches(self.count, self.window or max(1, self.count), size)

    def example(self) -> jax.ShapeDtypeStruct:
        """Return the shape and the dtype of one raw input."""
        return self.raw

    def windows(self, epoch: int | None) -> Iterator[Window]:
        """Raise TypeError: there are no examples."""
        raise TypeError(f"an outline has no examples to yield for epoch {epoch}; open the dataset")


def is_streamed(split: Split) -> bool:
    """Return whether a split is read in an order drawn from its own seed while it trains."""
    return isinstance(split, Streamed) or (isinstance(split, Outline) and split.window is not None)


def target_of(split: Split) -> jax.ShapeDtypeStruct | None:
    """Return the shape and the dtype of one target of a split, or None if it is not known yet."""
    if isinstance(split, Outline):
        return split.target
    if isinstance(split, Resident):
        return jax.ShapeDtypeStruct(split.targets.shape[1:], split.targets.dtype)
    return None


def without_examples(dataset: Dataset) -> Dataset:
    """Return the outline of an opened dataset, which has no examples in memory."""
    outlines: dict[int, Split] = {}  # by identity: a split with two purposes stays one object

    def outline_split(split: Split) -> Split:
        if isinstance(split, Resident):
            outline = Outline(len(split), split.example(), target=target_of(split))
            outlines.setdefault(id(split), outline)
        return outlines.get(id(split), split)

    validation = dataset.validation
    return replace(
        dataset,
        train=outline_split(dataset.train),
        validation=None if validation is None else outline_split(validation),
        test=outline_split(dataset.test),
    )


def outline_set(
    name: str, selection: Selection, *, directory: str | Path | None = None, memory_gib: float = 2.0
) -> Dataset | None:
    """Return what `open_dataset` will open, from the description of a prepared set.

    No input is read, and labels only where `selection` depends on them. The size of an evaluated
    split is that before classes are left out.

    Returns:
        The outline; None where the set has still to be prepared, which this machine can do.

    Raises:
        RequestError: as `open_dataset`, as far as the description goes.
    """
    data_dir = data_directory(directory)
    source = find(name, data_dir)
    if source is None or not source.is_complete:
        is_damaged = source is None or source.prepared
        damage = Damaged(f"{name} in {data_dir} is damaged") if is_damaged else None
        require_preparable(name, data_dir, damage)
        return None
    source.require_readable()
    memory = round(memory_gib * GIB)
    fits = source.nbytes <= memory
    if fits:
        check_size(source)
    selection.check(len(source.class_names))
    roles = assign_roles(source, selection)
    parts = selection.divide(train_labels(source, selection))
    train, carved, tested = map(len, parts)
    raw = jax.ShapeDtypeStruct(source.shape, source.dtype)
    window = None if fits else window_size(memory, source)

    def outline_split(split: str | None, carved_from_train: int) -> Outline:
        return Outline(source.counts[split] if split else carved_from_train, raw, window)

    validation = None
    if roles.validation or carved:
        validation = outline_split(roles.validation, carved)
    names = source.class_names
    if selection.only_classes is not None:
        names = tuple(names[label] for label in selection.only_classes)
    test = outline_split(roles.test, tested)
    return Dataset(name, outline_split(None, train), validation, test, names)


def train_labels(source: Source, selection: Selection) -> np.ndarray:
    """Return the labels of train, or as many zeros where `selection` depends on no label."""
    if selection.ignores_labels:
        return np.zeros(source.counts["train"], np.int32)
    cached = read_targets(source.folder, "train")
    return source.labels("train") if cached is None else cached


def prepare_set(
    name: str, directory: str | Path | None, memory_gib: float, progress: Progress | None = None
) -> None:
    """Prepare a set as `open_dataset` does, which then finds it prepared."""
    memory = round(memory_gib * GIB)
    find_or_prepare(name, data_directory(directory), None, memory, progress or silent)
