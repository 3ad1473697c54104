"""A digest of a run's data, by which a resumed run notices that its files have changed."""

import hashlib
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


def record_digest(folder: "RunFolder", data: "DataChoice", dataset: "Dataset") -> None:
    """Write the digest of data of one's own into the folder of a run."""
    from darnax.local_data import LocalSource

    if isinstance(data.source, LocalSource):
        write_atomically(folder.path / FILE, digest(dataset) + "\n")


def require_same_data(folder: "RunFolder", data: "DataChoice", dataset: "Dataset") -> None:
    """Raise RequestError if the data are not those of the digest; without one, nothing is known."""
    path = folder.path / FILE
    if not path.is_file():
        return
    if read_text(path).strip() != digest(dataset):
        raise RequestError(Problem("data.path", CHANGED.format(data.path or data.name)))


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
