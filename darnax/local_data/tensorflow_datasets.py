"""Sets of TensorFlow Datasets with any features and splits: `data=tfds data.name=cifar10`."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from darnax.data.dataset import Dataset
from darnax.data.own_builders import open_set, require_builder
from darnax.data.progress import Progress, silent
from darnax.data.reader import Arrays
from darnax.data.selection import Selection
from darnax.data.sources import data_directory
from darnax.data.split_syntax import Ranges
from darnax.files import expand_user
from darnax.local_data.array_examples import as_inputs
from darnax.local_data.examples import Examples, LocalSource, divide_examples, empty_inputs
from darnax.local_data.image_decoding import read_form
from darnax.local_data.opened_set import OpenedSet
from darnax.local_data.set_labels import number_class_labels
from darnax.local_data.targets import convert_targets


class TensorFlowDatasets(LocalSource):
    """A set of TensorFlow Datasets, which is read without TensorFlow.

    It is one of TFDS's own, given by its name; one whose builder is a class of one's own, which
    prepares it on first use; or the folder of a prepared one. Images are decoded once into a cache
    in the folder of the set.

    Args:
        name: `name`, `name/config`, `name:version` or `name/config:version`; may be None with one
            of the next two.
        builder: a subclass of `tfds.core.GeneratorBasedBuilder`.
        path: the folder of a prepared set, such as `sets/NAME/VERSION`.
        input, target: the features; None: those of `as_supervised`.
        splits: `train`, `validation` and `test` -> a split in TFDS's syntax, such as
            `train[:80%]`; None: the set's own splits of these names.
        targets: `classes`, `patterns` or `values`; None: judged by the target.
        colour: `grey` or `rgb`; None: as in the set.
        resize: height and width of every image; None: as in the set.
        class_names: the classes in the order of the outputs; None: as in the set.

    Raises:
        ValueError: `builder` is no builder, or `path` is given as well.
        RequestError: a setting has an unknown value.
    """

    def __init__(
        self,
        name: str | None = None,
        builder: type | None = None,
        path: str | None = None,
        input: str | None = None,
        target: str | None = None,
        splits: Mapping[str, str | None] | None = None,
        targets: str | None = None,
        colour: str | None = None,
        resize: Sequence[int] | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        if builder is not None and path is not None:
            raise ValueError("got builder and path, expected one of them")
        if builder is not None:
            require_builder(builder)
        self.name, self.builder = name, builder
        self.path = None if path is None else expand_user(path)
        self.input, self.target, self.targets = input, target, targets
        self.splits = dict(splits or {})
        self.form = read_form(colour, resize)
        self.class_names = None if class_names is None else tuple(class_names)

    def open(self) -> Dataset:
        """Return the dataset with its own splits, for code that uses the source by itself."""
        examples = self.read(data_directory(None))
        return divide_examples(examples, Selection(), memory_gib=math.inf)

    def citation(self, directory: Path) -> str:
        """Return the references of the set, as BibTeX."""
        opened = self._open(directory, silent)
        return str(opened.source.builder.info.citation or "")

    def prepare(self, directory: Path, progress: Progress = silent) -> None:
        open_set(self.name, self.builder, self.path, directory, progress)

    def read(self, directory: Path, progress: Progress = silent) -> Examples:
        opened = self._open(directory, progress)
        return self._from_arrays(opened, opened.read(directory, progress))

    def outline(self, directory: Path) -> Examples:
        """Return examples of the same number and shape, of which few images are decoded."""
        opened = self._open(directory, silent)
        whole = opened.read_cached(directory)
        if whole is None and opened.input.decode is None:
            whole = opened.read(directory, silent)
        if whole is not None:
            return self._from_arrays(opened, whole)
        shape, is_bytes = opened.first_shape(), opened.input.dtype == np.uint8
        inputs = {}
        for role, ranges in opened.ranges.items():
            count = sum(part.end - part.start for part in ranges)
            inputs[role] = empty_inputs(count, shape, np.dtype("u1" if is_bytes else "f4"))
        return self._join(opened, inputs, opened.targets())

    def _open(self, directory: Path, progress: Progress) -> OpenedSet:
        where = "data.name" if self.path is None else "data.path"
        source = open_set(self.name, self.builder, self.path, directory, progress)
        return OpenedSet(source, where, self.input, self.target, self.splits, self.form)

    def _from_arrays(self, opened: OpenedSet, whole: Mapping[str, Arrays]) -> Examples:
        stored = {split: arrays.inputs for split, arrays in whole.items()}
        inputs = {}
        for role, ranges in opened.ranges.items():
            values = take_ranges(stored, ranges)
            inputs[role] = as_inputs(role, values, len(values), "data.input")
        targets = {split: arrays.targets for split, arrays in whole.items()}
        return self._join(opened, inputs, targets)

    def _join(
        self,
        opened: OpenedSet,
        inputs: Mapping[str, np.ndarray],
        targets: Mapping[str, np.ndarray],
    ) -> Examples:
        """Return examples of inputs by role, and of targets by the splits of the set."""
        raw = {role: take_ranges(targets, ranges) for role, ranges in opened.ranges.items()}
        own_names = opened.target.class_names
        if own_names and self.targets in (None, "classes"):
            numbers, names = number_class_labels(raw, own_names, self.class_names)
        else:
            found = convert_targets(raw, self.targets, self.class_names, "data.target")
            numbers, names = dict(found.splits), found.class_names
        splits = {role: Arrays(inputs[role], numbers[role]) for role in inputs}
        return Examples(opened.source.name, splits, names)


def take_ranges(values: Mapping[str, np.ndarray], ranges: Ranges) -> np.ndarray:
    """Return the values of the examples in some ranges, by the splits of the set."""
    parts = [values[part.split][part.start : part.end] for part in ranges]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
