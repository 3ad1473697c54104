"""What a dataset will be once it is opened: sizes, shapes and classes, without its examples."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import numpy as np

from darnax.data.cache import read_targets
from darnax.data.dataset import Dataset, Split, Window
from darnax.data.decoding import check_size
from darnax.data.opening import window_size
from darnax.data.preparing import GIB, obtain, require_preparable
from darnax.data.progress import Progress, silent
from darnax.data.reader import Damaged
from darnax.data.resident import Resident
from darnax.data.roles import assign_roles
from darnax.data.selection import Selection
from darnax.data.sources import Source, data_directory, find
from darnax.data.streamed import Streamed, whole_batches


@dataclass(frozen=True)
class Outline:
    """A split without its examples: so many, each like `raw`, streamed in windows where there is one.

    Example:
        >>> len(Outline(5, jax.ShapeDtypeStruct((2,), np.uint8)))
        5
    """

    count: int
    raw: jax.ShapeDtypeStruct
    window: int | None = None

    def __len__(self) -> int:
        return self.count

    def batches(self, size: int) -> int:
        """Return the number of whole batches in the windows of one epoch."""
        return whole_batches(self.count, self.window or max(1, self.count), size)

    def example(self) -> jax.ShapeDtypeStruct:
        """Return what one raw input is like."""
        return self.raw

    def windows(self, epoch: int | None) -> Iterator[Window]:
        """Raise TypeError: there are no examples."""
        raise TypeError(f"an outline has no examples to yield for epoch {epoch}; open the dataset")


def is_streamed(split: Split) -> bool:
    """Tell whether a split is read in an order of its seed's own while it trains."""
    return isinstance(split, Streamed) or (isinstance(split, Outline) and split.window is not None)


def without_examples(dataset: Dataset) -> Dataset:
    """Return the outline of an opened dataset, which no longer holds its examples in memory."""
    outlines: dict[int, Split] = {}  # a split that serves for two purposes stays one

    def outlined(split: Split) -> Split:
        if isinstance(split, Resident):
            outlines.setdefault(id(split), Outline(len(split), split.example()))
        return outlines.get(id(split), split)

    kept_out = dataset.validation
    return replace(
        dataset,
        train=outlined(dataset.train),
        validation=None if kept_out is None else outlined(kept_out),
        test=outlined(dataset.test),
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
    place = data_directory(directory)
    source = find(name, place)
    if source is None or not source.is_complete:
        is_damaged = source is None or source.prepared
        damage = Damaged(f"{name} in {place} is damaged") if is_damaged else None
        require_preparable(name, place, damage)
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

    def outlined(split: str | None, own: int) -> Outline:
        return Outline(source.counts[split] if split else own, raw, window)

    chosen_by = outlined(roles.validation, carved) if roles.validation or carved else None
    kept = selection.only_classes
    names = source.class_names if kept is None else tuple(source.class_names[k] for k in kept)
    return Dataset(name, outlined(None, train), chosen_by, outlined(roles.test, tested), names)


def train_labels(source: Source, selection: Selection) -> np.ndarray:
    """Return the labels of train, or as many zeros where no label decides."""
    if selection.trivial:
        return np.zeros(source.counts["train"], np.int32)
    cached = read_targets(source.folder, "train")
    return source.labels("train") if cached is None else cached


def prepare_set(
    name: str, directory: str | Path | None, memory_gib: float, progress: Progress | None = None
) -> None:
    """Prepare a set as `open_dataset` does, which then finds it prepared."""
    memory = round(memory_gib * GIB)
    obtain(name, data_directory(directory), None, memory, progress or silent)
