"""Open a dataset by name: the door of the room."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from darnax.data.dataset import Dataset, Split
from darnax.data.preparing import GIB, obtain
from darnax.data.progress import Progress, silent
from darnax.data.reader import Arrays
from darnax.data.resident import Resident
from darnax.data.roles import assign_roles
from darnax.data.selection import Selection
from darnax.data.sources import Source, data_directory
from darnax.data.streamed import Streamed

_WINDOWS_IN_MEMORY = 4
"""One that trains, one on its way to the device, one read ahead, one being put together."""
_LARGE, _THREADS = 2**15, 8
"""Bytes of an example that a thread of its own pays for, and the most threads that read a window ahead."""


def open_dataset(
    name: str,
    *,
    directory: str | Path | None = None,
    validation: int = 0,
    test: int = 0,
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
        validation: examples carved out of train, the last of one fixed permutation; with 0, the
            set's own validation split if it has one beside test: there anything else is refused.
        test: examples carved out of train to test on, for a set that has train alone.
        per_class: keep the first so many of each class of train.
        only_classes: keep these labels alone, in every split, renumbered 0, 1, … in the order given.
        memory_gib: a set whose raw inputs take more is streamed.
        window: examples on the device at once when streamed; by default what a quarter of `memory_gib` holds.
        seed: shuffles a streamed split, together with the epoch.
        progress: is told how far preparing and decoding are.
        existing: as a run of an earlier version did, which put carved examples in the place of the
            set's own validation split.

    Raises RequestError: unknown name, impossible selection, or a set that is neither prepared nor can be.
    """
    selection = Selection(
        validation, per_class, None if only_classes is None else tuple(only_classes), test
    )
    memory = round(memory_gib * GIB)
    source, arrays = obtain(name, data_directory(directory), None, memory, progress or silent)
    selection.check(len(source.class_names))
    size = window or window_size(memory, source)
    parts = _Parts(source, arrays, selection, size, seed)
    names = source.class_names
    kept = range(len(names)) if selection.only_classes is None else selection.only_classes
    return Dataset(
        name, *parts.divide(existing=existing), class_names=tuple(names[label] for label in kept)
    )


def window_size(memory: int, source: Source) -> int:
    """Return how many examples are on the device at once where a set is streamed."""
    return max(1, memory // (_WINDOWS_IN_MEMORY * source.example_bytes))


class _Parts:
    """The splits of one opened set."""

    def __init__(
        self,
        source: Source,
        arrays: dict[str, Arrays] | None,
        selection: Selection,
        window: int,
        seed: int,
    ) -> None:
        self.source, self.arrays, self.selection, self.window, self.seed = (
            source,
            arrays,
            selection,
            window,
            seed,
        )

    def divide(self, *, existing: bool) -> tuple[Split, Split | None, Split]:
        """Train, validation and test."""
        roles = assign_roles(self.source, self.selection, existing=existing)
        train, carved, tested = self.selection.divide(self._labels("train"))
        test = self._whole(roles.test) if roles.test else self._part("train", tested)
        if len(carved):
            validation: Split | None = self._part("train", carved)
        else:
            validation = self._whole(roles.validation) if roles.validation else None
        return self._part("train", train), validation, test

    def _labels(self, split: str) -> np.ndarray:
        if self.arrays is not None:
            return self.arrays[split].targets
        # A pass over a set larger than memory takes minutes: only where a label decides.
        return (
            np.zeros(self.source.counts[split], np.int32)
            if self.selection.trivial
            else self.source.labels(split)
        )

    def _whole(self, split: str) -> Split:
        return self._part(split, self.selection.kept(self._labels(split)))

    def _part(self, split: str, indices: np.ndarray) -> Split:
        if self.arrays is None:
            read, renumber = self.source.reader(split), self.selection.renumber

            def renumbered(chosen: np.ndarray) -> Arrays:
                inputs, targets = read(chosen)
                return Arrays(inputs, renumber(targets))

            threads = min(_THREADS, 1 + self.source.example_bytes // _LARGE)
            return Streamed(renumbered, indices, self.window, self.seed, threads)
        inputs, targets = self.arrays[split]
        return Resident(
            inputs if len(indices) == len(inputs) else inputs[indices],
            self.selection.renumber(targets[indices]),
        )
