"""Open a dataset by name: the entry point of the package."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from darnax.data.dataset import Dataset, Split
from darnax.data.preparing import GIB, find_or_prepare
from darnax.data.progress import Progress, silent
from darnax.data.reader import Arrays
from darnax.data.resident import Resident
from darnax.data.roles import assign_roles
from darnax.data.selection import Selection
from darnax.data.sources import Source, data_directory
from darnax.data.streamed import Streamed

_WINDOWS_IN_MEMORY = 4
"""One that trains, one in transfer to the device, one read ahead, one being concatenated."""
_BYTES_PER_THREAD = 2**15
"""Size of an example from which on decoding gains from one more thread."""
_MOST_THREADS = 8
"""Threads that read a window ahead, at most."""


def open_dataset(
    name: str,
    *,
    directory: str | Path | None = None,
    validation: int | float = 0,
    test: int | float = 0,
    per_class: int | None = None,
    only_classes: Sequence[int] | None = None,
    memory_gib: float = 2.0,
    window: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    existing: bool = False,
) -> Dataset:
    """Open a set of TensorFlow Datasets, preparing it first where darnax can.

    Examples come in TFDS's own order, the same on every machine.

    Args:
        name: a TFDS name, such as `mnist` or `emnist/balanced`.
        directory: the TFDS data_dir; by default `TFDS_DATA_DIR` or `~/tensorflow_datasets`.
        validation: examples carved out of train, the last of one fixed permutation, or a share of
            every class; with 0, the set's own validation split if it has one beside test: for such
            a set other values are refused.
        test: examples carved out of train to test on, for a set that has train alone, or a share.
        per_class: keep this many of each class of train, the first ones.
        only_classes: keep these labels alone, in every split, renumbered 0, 1, … in their order.
        memory_gib: a set whose raw inputs take more is streamed.
        window: examples on the device at once when streamed; by default those that fit in a quarter
            of `memory_gib`.
        seed: shuffles a streamed split, together with the epoch.
        progress: called while the set is prepared and decoded.
        existing: as a run of an earlier version, in which carved examples replaced the set's own
            validation split.

    Raises:
        RequestError: the name is unknown, the selection is impossible, or the set is not prepared
            and cannot be prepared on this machine.
    """
    classes = None if only_classes is None else tuple(only_classes)
    selection = Selection(validation, per_class, classes, test)
    memory = round(memory_gib * GIB)
    source, arrays = find_or_prepare(
        name, data_directory(directory), None, memory, progress or silent
    )
    names = source.class_names
    selection.check(len(names))
    size = window or window_size(memory, source)
    splitter = _Splitter(source, arrays, selection, size, seed)
    splits = splitter.divide(existing=existing)
    if classes is not None:
        names = tuple(names[label] for label in classes)
    return Dataset(name, *splits, class_names=names)


def window_size(memory: int, source: Source) -> int:
    """Return how many examples are on the device at once where a set is streamed."""
    return max(1, memory // (_WINDOWS_IN_MEMORY * source.example_bytes))


class _Splitter:
    """Divides one opened set into train, validation and test."""

    def __init__(
        self,
        source: Source,
        arrays: dict[str, Arrays] | None,
        selection: Selection,
        window: int,
        seed: int,
    ) -> None:
        self.source = source
        self.arrays = arrays
        self.selection = selection
        self.window = window
        self.seed = seed

    def divide(self, *, existing: bool) -> tuple[Split, Split | None, Split]:
        """Return train, validation and test."""
        roles = assign_roles(self.source, self.selection, existing=existing)
        train, carved, tested = self.selection.divide(self._read_labels("train"))
        test = self._take_whole(roles.test) if roles.test else self._take("train", tested)
        if len(carved):
            validation: Split | None = self._take("train", carved)
        else:
            validation = self._take_whole(roles.validation) if roles.validation else None
        return self._take("train", train), validation, test

    def _read_labels(self, split: str) -> np.ndarray:
        if self.arrays is not None:
            return self.arrays[split].targets
        # Reading the labels of a set larger than memory takes minutes: skip it if none is needed.
        if self.selection.ignores_labels:
            return np.zeros(self.source.counts[split], np.int32)
        return self.source.labels(split)

    def _take_whole(self, split: str) -> Split:
        """Return all examples of a split whose class is kept."""
        return self._take(split, self.selection.kept_indices(self._read_labels(split)))

    def _take(self, split: str, indices: np.ndarray) -> Split:
        """Return the examples of a split at `indices`, with their labels renumbered."""
        if self.arrays is None:
            return self._stream(split, indices)
        inputs, targets = self.arrays[split]
        own = inputs if len(indices) == len(inputs) else inputs[indices]  # all are in order
        if isinstance(own, np.memmap):  # a file in the cache, which may change
            own = np.array(own)
        return Resident(own, self.selection.renumber(targets[indices]))

    def _stream(self, split: str, indices: np.ndarray) -> Streamed:
        read, renumber = self.source.reader(split), self.selection.renumber

        def read_renumbered(chosen: np.ndarray) -> Arrays:
            inputs, targets = read(chosen)
            return Arrays(inputs, renumber(targets))

        threads = min(_MOST_THREADS, 1 + self.source.example_bytes // _BYTES_PER_THREAD)
        return Streamed(read_renumbered, indices, self.window, self.seed, threads)
