"""Archives of which darnax makes sets of TensorFlow Datasets: their names and their checksums."""

import hashlib
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from darnax.errors import Problem, RequestError
from darnax.files import open_regular
from darnax.printing import count_of

IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
ARCHIVES = {
    "mnist": IDX_FILES,
    "fashion_mnist": IDX_FILES,
    "kmnist": IDX_FILES,
    "cifar10": ("cifar-10-binary.tar.gz",),
    "cifar100": ("cifar-100-binary.tar.gz",),
    "svhn_cropped": ("train_32x32.mat", "test_32x32.mat"),
    "emnist": ("gzip.zip",),
}
"""Set -> the files that it needs, as its publisher names them."""
OPTIONAL = {"svhn_cropped": ("extra_32x32.mat",)}
"""Set -> files of further splits, which it may lack."""
EMNIST = ("balanced", "byclass", "bymerge", "digits", "letters", "mnist")


class Checksum(NamedTuple):
    """Size, checksum and address that TensorFlow Datasets registers for one archive."""

    size: int
    sha256: str
    url: str = ""


def set_of(name: str) -> str:
    """Return the name of a set without its configuration and version.

    Example:
        >>> set_of("emnist/balanced:3.1.0"), set_of("mnist")
        ('emnist', 'mnist')
    """
    return re.split("[/:]", name)[0]


def names_of_sets() -> tuple[str, ...]:
    """Return the names of all sets that are made of archives."""
    names = [name for name in ARCHIVES if name != "emnist"]
    return (*names, *(f"emnist/{config}" for config in EMNIST))


def find_bundled(name: str) -> Path | None:
    """Return the folder of the archives shipped with darnax, or None."""
    return Path(str(files("darnax.data") / "bundled")) if set_of(name) == "mnist" else None


def load_checksums(name: str) -> dict[str, Checksum]:
    """Return file name -> what TensorFlow Datasets registers for it."""
    import tensorflow_datasets as tfds

    found = {}
    for url, info in tfds.builder_cls(set_of(name)).url_infos.items():
        found[url.rpartition("/")[2]] = Checksum(int(info.size), info.checksum, url)
    return found


def check_archives(name: str, folder: Path) -> None:
    """Check that the archives of a set are in `folder`.

    Raises:
        RequestError: naming every archive that is absent or is not the registered file.
    """
    expected = load_checksums(name)
    chosen = list(ARCHIVES[set_of(name)])
    chosen += [file for file in OPTIONAL.get(set_of(name), ()) if os.path.lexists(folder / file)]
    results = [_find_problem(folder / file, name, expected[file]) for file in chosen]
    problems = [problem for problem in results if problem is not None]
    if problems:
        raise RequestError(*problems)


def describe_archives(name: str) -> list[str]:
    """Return a line about every archive of a set: its name, size, checksum and address."""
    registered = load_checksums(name)
    optional = OPTIONAL.get(set_of(name), ())
    lines = []
    for file in (*ARCHIVES[set_of(name)], *optional):
        note = " (optional)" if file in optional else ""
        lines.append(f"{file}{note}: {_describe(registered[file])}")
    return lines


def _describe(expected: Checksum) -> str:
    origin = f", from {expected.url}" if expected.url else ""
    return f"{count_of(expected.size, 'byte')}, sha256 {expected.sha256}{origin}"


def _find_problem(path: Path, name: str, expected: Checksum) -> Problem | None:
    """Return why a file is not the registered archive, or None."""
    if not path.exists():
        what = f"does not exist; {name} needs this file there: {_describe(expected)}"
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
