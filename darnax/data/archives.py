"""The four IDX archives of MNIST and its siblings: where they lie, and that they are the registered ones."""

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

IDX_SETS = ("mnist", "fashion_mnist", "kmnist")
"""Sets of TensorFlow Datasets that are made of four IDX archives of one naming."""

PREFIXES = {"train": "train", "test": "t10k"}
"""How the archives call each split."""


class Registered(NamedTuple):
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


def bundled(name: str) -> Path | None:
    """Return the folder of the archives shipped with darnax, or None."""
    return Path(str(files("darnax.data") / "bundled")) if name == "mnist" else None


def registered(name: str) -> dict[str, Registered]:
    """File name -> what TensorFlow Datasets registers for it."""
    import tensorflow_datasets as tfds

    urls = tfds.core.download.checksums.load_url_infos(
        tfds.core.tfds_path() / "url_checksums" / f"{name}.txt"
    )
    return {
        url.rpartition("/")[2]: Registered(int(info.size), info.checksum)
        for url, info in urls.items()
    }


def check_archives(name: str, folder: Path) -> None:
    """Raise RequestError naming every archive of `name` that is absent from `folder` or is not the registered file."""
    expected = registered(name)
    problems = [
        problem for file in file_names() if (problem := _check(folder / file, name, expected[file]))
    ]
    if problems:
        raise RequestError(*problems)


def _check(path: Path, name: str, expected: Registered) -> Problem | None:
    if not path.exists():
        return Problem(
            str(path), f"not there; {name} needs its four archives {', '.join(file_names())}"
        )
    try:
        with open_regular(path) as file:
            if (size := os.fstat(file.fileno()).st_size) != expected.size:
                return Problem(
                    str(path),
                    f"has {count_of(size, 'byte')}, expected {expected.size} for {name}: copy or download it again",
                )
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return Problem(str(path), f"cannot be read ({error.strerror}): copy or download it again")
    if sha256 != expected.sha256:
        return Problem(
            str(path),
            f"has sha256 {sha256}, expected {expected.sha256} for {name}: it is another set's, or damaged",
        )
    return None


def read_archives(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, height, width, 1) uint8 and labels (n,) int64 of one split, in the archives' order."""
    prefix = PREFIXES[split]
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz")
    if len(images) != len(labels):
        there = f"{count_of(len(images), 'image')} and {count_of(len(labels), 'label')}"
        raise RequestError(f"{folder}: {split} has {there}, expected as many of both")
    return images[..., None], labels.astype(np.int64)
