"""A prepared set of TFDS with a choice of features and splits, and the cache of its examples."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from darnax.data.progress import Progress, silent
from darnax.data.reader import Arrays
from darnax.data.set_features import choose_features
from darnax.data.sources import Source
from darnax.data.split_syntax import assign_ranges
from darnax.errors import Problem, RequestError
from darnax.local_data import example_cache
from darnax.local_data.image_decoding import Form, decode_all, first_shape
from darnax.local_data.image_listing import WHERE
from darnax.local_data.set_records import FeatureForm, RecordStore


class OpenedSet:
    """Reads the examples of a prepared set.

    Args:
        source: the set.
        where: the setting that chose it, for messages.
        input_name, target_name: the features; None: those of `as_supervised`.
        splits: role -> a split in TFDS's syntax; None: the set's own.
        form: what is made of every image.

    Raises:
        RequestError: the set has no such features or splits, or `form` cannot apply.
    """

    def __init__(
        self,
        source: Source,
        where: str,
        input_name: str | None,
        target_name: str | None,
        splits: Mapping[str, str | None],
        form: Form,
    ) -> None:
        source.require_readable()
        info = source.builder.info
        self.source, self.where = source, where
        self.input, self.target = choose_features(info, input_name, target_name)
        self.ranges = assign_ranges(info.splits, splits)
        self.used = sorted({part.split for parts in self.ranges.values() for part in parts})
        self.store = RecordStore(source, self.used, self.input)
        self._require_possible(form)
        self.form = FeatureForm(form.colour, form.resize, self.input.decode)

    def _require_possible(self, form: Form) -> None:
        problems = []
        if form.resize is not None and self.input.decode is None:
            what = f"has no effect on {self.input.name}, which is no image; leave it out"
            problems.append(Problem("data.resize", what))
        if form.colour is not None and (self.input.decode is None or self.input.dtype != np.uint8):
            what = f"has no effect on {self.input.name}, which is no image of 8 bits; leave it out"
            problems.append(Problem("data.colour", what))
        if problems:
            raise RequestError(*problems)

    def first_shape(self) -> tuple[int, ...]:
        """Return the shape of the first image that can be read."""
        with self._named():
            return first_shape(self.store, self._paths(), self.form)

    def read_cached(self, directory: Path) -> dict[str, Arrays] | None:
        """Return split -> inputs and targets as they are in the set; None if not yet decoded."""
        place, signature = self._place(directory), self.store.signature()
        found = example_cache.read_examples(place, signature, self.used)
        if found is None:
            return None
        for split in self.used:
            inputs = found[0][split].inputs
            if len(inputs) != self.source.count(split) or inputs.dtype != self.input.dtype:
                return None
        return found[0]

    def read(self, directory: Path, progress: Progress) -> dict[str, Arrays]:
        """Return split -> inputs and targets as they are in the set; images are decoded once."""
        found = self.read_cached(directory)
        if found is not None:
            return found
        place = self._place(directory)
        with example_cache.lock_cache(place), self._named():
            # Another process may have decoded them while this one waited for the lock.
            found = self.read_cached(directory)
            return found or self._decode(place, progress)

    def targets(self) -> dict[str, np.ndarray]:
        """Return split -> targets as they are in the set."""
        return {split: self.store.values(split, self.target, silent) for split in self.used}

    def _decode(self, place: Path | None, progress: Progress) -> dict[str, Arrays]:
        dtype = self.input.dtype

        def fill(writer: example_cache.Writer) -> None:
            def allocate(split: str, shape: tuple[int, ...]) -> np.ndarray:
                return writer.allocate(split, shape, dtype)

            if self.input.decode is not None:
                decode_all(self.store, self._paths(), self.form, allocate, progress)
                return
            for split in self.used:
                values = self.store.values(split, self.input, progress)
                allocate(split, values.shape)[...] = values

        signature = self.store.signature()
        return example_cache.make_examples(place, signature, fill, self.targets(), ())

    def _paths(self) -> dict[str, list[str]]:
        return {split: self.store.names(split) for split in self.used}

    def _place(self, directory: Path) -> Path | None:
        settings = [self.input.name, self.target.name, self.form.colour, self.form.resize]
        text = json.dumps([*settings, self.used])
        key = hashlib.sha256(text.encode()).hexdigest()[:12]
        return example_cache.find_place(self.source.folder, directory, key)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name the setting that chose the set in messages about its images."""
        try:
            yield
        except RequestError as error:
            problems = []
            for where, what in error.problems:
                problems.append(Problem(self.where if where == WHERE else where, what))
            raise RequestError(*problems) from error
