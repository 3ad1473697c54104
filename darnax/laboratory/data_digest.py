"""A digest of a run's data, by which a resumed run notices that its files have changed."""

import hashlib
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from darnax.atomic import write_atomically
from darnax.errors import Problem, RequestError
from darnax.files import read_text

if TYPE_CHECKING:
    from darnax.data import Dataset, Split
    from darnax.runner.experiment import DataChoice
    from darnax.runner.run_folder import RunFolder

FILE = "data.sha256"
CHANGED = "the data in {} have changed since the run was started; restore them, or start a new run"


def record_digest(folders: "Collection[RunFolder]", data: "DataChoice", dataset: "Dataset") -> None:
    """Write the digest of data of one's own into the folders of runs that share them."""
    from darnax.local_data import LocalSource

    if not folders or not isinstance(data.source, LocalSource):
        return
    text = digest(dataset) + "\n"
    for folder in folders:
        write_atomically(folder.path / FILE, text)


def require_same_data(
    folders: "Iterable[RunFolder]", data: "DataChoice", dataset: "Dataset"
) -> None:
    """Raise RequestError if the data are not those of the digests of runs that share them.

    Without a digest, as in runs of earlier versions, nothing is known.
    """
    if not are_recorded(folders, dataset):
        raise RequestError(Problem("data.path", CHANGED.format(data.path or data.name)))


def are_recorded(folders: "Iterable[RunFolder]", dataset: "Dataset") -> bool:
    """Return whether a dataset has the digest of every run; those without one do not count."""
    files = [folder.path / FILE for folder in folders]
    recorded = {read_text(file).strip() for file in files if file.is_file()}
    return not recorded or recorded == {digest(dataset)}


def digest(dataset: "Dataset") -> str:
    """Return one sha256 of all examples; of streamed splits, of their sizes alone."""
    found = hashlib.sha256(repr(dataset.class_names).encode())
    for split in (dataset.train, dataset.validation, dataset.test):
        if split is not None:
            add_split(found, split)
    return found.hexdigest()


def add_split(found: "hashlib._Hash", split: "Split") -> None:
    """Add a split to a digest."""
    import numpy as np

    from darnax.data import Resident

    example = split.example()
    found.update(repr([len(split), example.shape, str(example.dtype)]).encode())
    if isinstance(split, Resident):
        found.update(np.ascontiguousarray(split.inputs).data)
        found.update(np.ascontiguousarray(split.targets).data)
