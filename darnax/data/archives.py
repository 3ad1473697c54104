"""The four IDX archives of MNIST and similar sets: where they are, and their checksums."""

import hashlib
import os
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np

from darnax.data.idx import read_idx
from darnax.errors import Problem, RequestError
from darnax.files import open_regular
from darnax.printing import count_of

# Sets of TensorFlow Datasets that are made of four IDX archives with the same file names.
IDX_SETS = ("mnist", "fashion_mnist", "kmnist")
PREFIXES = {"train": "train", "test": "t10k"}  # split -> prefix of its archives


class Checksum(NamedTuple):
    """Size and checksum that TensorFlow Datasets registers for one archive."""

    size: int
    sha256: str


def file_names() -> list[str]:
    """Return the names of the four archives, images before labels."""
    return [
        f"{prefix}-{kind}-ubyte.gz"
        for prefix in PREFIXES.values()
        for kind in ("images-idx3", "labels-idx1")
    ]


def find_bundled(name: str) -> Path | None:
    """Return the folder of the archives shipped with darnax, or None."""
    return Path(str(files("darnax.data") / "bundled")) if name == "mnist" else None


def load_checksums(name: str) -> dict[str, Checksum]:
    """Return file name -> what TensorFlow Datasets registers for it."""
    import tensorflow_datasets as tfds

    urls = tfds.core.download.checksums.load_url_infos(
        tfds.core.tfds_path() / "url_checksums" / f"{name}.txt"
    )
    return {
        url.rpartition("/")[2]: Checksum(int(info.size), info.checksum)
        for url, info in urls.items()
    }


def check_archives(name: str, folder: Path) -> None:
    """Check that the four archives of `name` are in `folder`.

    Raises:
        RequestError: naming every archive that is absent or is not the registered file.
    """
    expected = load_checksums(name)
    results = [_find_problem(folder / file, name, expected[file]) for file in file_names()]
    problems = [problem for problem in results if problem is not None]
    if problems:
        raise RequestError(*problems)


def _find_problem(path: Path, name: str, expected: Checksum) -> Problem | None:
    """Return why a file is not the registered archive, or None."""
    if not path.exists():
        what = f"does not exist; {name} needs its four archives {', '.join(file_names())}"
        return Problem(str(path), what)
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size != expected.size:
                got = count_of(size, "byte")
                what = f"has {got}, expected {expected.size} for {name}: copy or download it again"
                return Problem(str(path), what)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return Problem(str(path), f"cannot be read ({error.strerror}): copy or download it again")
    if sha256 != expected.sha256:
        what = f"has sha256 {sha256}, expected {expected.sha256} for {name}"
        return Problem(str(path), f"{what}: it is of another set, or damaged")
    return None


def read_archives(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels of one split, in the archives' order.

    Images are (n, height, width, 1) uint8, labels (n,) int64.

    Raises:
        RequestError: an archive is damaged, or their lengths differ.
    """
    prefix = PREFIXES[split]
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz")
    if len(images) != len(labels):
        got = f"{count_of(len(images), 'image')} and {count_of(len(labels), 'label')}"
        raise RequestError(f"{folder}: {split} has {got}, expected equal numbers")
    return images[..., None], labels.astype(np.int64)
