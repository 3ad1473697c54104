"""Images in class folders, of a folder or an archive: `data=folder data.path=photos/`."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from darnax.data.dataset import Dataset
from darnax.data.progress import Progress, silent
from darnax.data.reader import Arrays
from darnax.data.selection import Selection
from darnax.errors import Problem, RequestError
from darnax.files import expand_user
from darnax.local_data import example_cache
from darnax.local_data.examples import Examples, LocalSource, divide_examples, empty_inputs
from darnax.local_data.image_decoding import decode_all, first_shape, read_form
from darnax.local_data.image_listing import Listing, group_by_class
from darnax.local_data.image_stores import Store, open_store
from darnax.local_data.targets import Targets, convert_targets, number_labels


class ImageFolder(LocalSource):
    """Images in class folders: `PATH/CLASS/*.png`, or `PATH/train/CLASS/*.png` and `PATH/test/…`.

    Folders `train`, `test` and `validation` (or `val`) are the splits; without them every example
    is in train, and `data.test` keeps some of it for testing. A zip or tar archive of such a folder
    is read without being extracted. Images are decoded once into a cache beside them, or in the
    folder of datasets, which is made anew when a file changes.

    Args:
        path: the folder or the archive.
        colour: `grey` or `rgb`; None: as in the files, which must all agree.
        resize: height and width of every image; None: as in the files, which must all agree.
        class_names: the names of the class folders in the order of the outputs; None: sorted.

    Raises:
        RequestError: a setting has an unknown value.
    """

    def __init__(
        self,
        path: str,
        colour: str | None = None,
        resize: Sequence[int] | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.path = expand_user(path)
        self.form = read_form(colour, resize)
        self.class_names = None if class_names is None else tuple(class_names)

    def open(self) -> Dataset:
        """Return the dataset with its own splits, for code that uses the source by itself."""
        return divide_examples(self.read(self.path.parent), Selection(), memory_gib=np.inf)

    def read(self, directory: Path, progress: Progress = silent) -> Examples:
        store = open_store(self.path)
        signature = store.signature()
        place = example_cache.find_place(self.path, directory, self._key())
        found = example_cache.read_examples(place, signature)
        if found is None:
            with example_cache.lock_cache(place):
                # Another process may have decoded them while this one waited for the lock.
                found = example_cache.read_examples(place, signature)
                found = found or self._decode(store, place, signature, progress)
        splits, names = found
        return Examples(self.path.name, self._in_recorded_order(splits, names), self._names(names))

    def _key(self) -> str:
        text = json.dumps([self.form.colour, self.form.resize])
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def _decode(
        self, store: Store, place: Path | None, signature: str, progress: Progress
    ) -> tuple[dict[str, Arrays], tuple[str, ...]]:
        listing = group_by_class(store.list_contents(), str(self.path))
        targets = self._number(listing, None)

        def fill(writer: example_cache.Writer) -> None:
            decode_all(store, listing.paths, self.form, writer.allocate, progress)

        names = targets.class_names
        splits = example_cache.make_examples(place, signature, fill, targets.splits, names)
        return splits, names

    def _number(self, listing: Listing, class_names: Sequence[str] | None) -> Targets:
        labels = {role: np.array(found) for role, found in listing.labels.items()}
        targets = convert_targets(labels, "classes", class_names)
        if len(targets.class_names) < 2:
            what = f"{self.path} has the class {targets.class_names[0]} alone, expected two or more"
            raise RequestError(Problem("data.path", f"{what}: one folder for each class"))
        return targets

    def _names(self, found: tuple[str, ...]) -> tuple[str, ...]:
        return found if self.class_names is None else self.class_names

    def _in_recorded_order(
        self, splits: dict[str, Arrays], names: tuple[str, ...]
    ) -> dict[str, Arrays]:
        """Return the examples with their classes numbered as in an existing run."""
        if self.class_names is None or self.class_names == names:
            return splits
        renumbered = {}
        for role, (inputs, targets) in splits.items():
            labels = np.array(names)[targets]
            numbers = number_labels(role, labels, self.class_names, "data.path", True)
            renumbered[role] = Arrays(inputs, numbers)
        return renumbered

    def outline(self, directory: Path) -> Examples:
        """Return examples of the same number and shape, of which the first alone is decoded."""
        store = open_store(self.path)
        place = example_cache.find_place(self.path, directory, self._key())
        found = example_cache.read_examples(place, store.signature())
        if found is not None:
            splits, names = found
            own = self._in_recorded_order(splits, names)
            return Examples(self.path.name, own, self._names(names))
        listing = group_by_class(store.list_contents(), str(self.path))
        targets = self._number(listing, self.class_names)
        shape = first_shape(store, listing.paths, self.form)
        outlined = {}
        for role, labels in targets.splits.items():
            outlined[role] = Arrays(empty_inputs(len(labels), shape, np.dtype(np.uint8)), labels)
        return Examples(self.path.name, outlined, targets.class_names)
