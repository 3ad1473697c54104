"""The binary archives of CIFAR-10 and CIFAR-100, read without being extracted.

Each example is one byte for each label (for CIFAR-100 coarse, then fine), and an image of 3 × 32 ×
32 bytes: red, green, blue, each row by row. The Python archives of the same sets are pickles, which
can run code when they are read, and are not used.
"""

import gzip
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from darnax.errors import RequestError, first_line
from darnax.files import open_regular
from darnax.printing import count_of

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE
_LARGEST = 1 << 28  # bytes of one member; the largest there is has 154 MB
_BLOCK = 1 << 20
_DAMAGE = (OSError, EOFError, ValueError, zlib.error, tarfile.TarError)


class Layout(NamedTuple):
    """Where the parts of a set are in its archive.

    Args:
        archive: name of the file.
        folder: of all members.
        members: split -> files, in their order.
        names: feature of each label, in the order of the bytes -> file of its class names.
    """

    archive: str
    folder: str
    members: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]


LAYOUTS = {
    "cifar10": Layout(
        "cifar-10-binary.tar.gz",
        "cifar-10-batches-bin",
        {
            "train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
            "test": ("test_batch.bin",),
        },
        {"label": "batches.meta.txt"},
    ),
    "cifar100": Layout(
        "cifar-100-binary.tar.gz",
        "cifar-100-binary",
        {"train": ("train.bin",), "test": ("test.bin",)},
        {"coarse_label": "coarse_label_names.txt", "label": "fine_label_names.txt"},
    ),
}


def read_cifar(name: str, folder: Path, split: str) -> dict[str, np.ndarray]:
    """Return the features of one split, in the order of the archive.

    `image` is (n, 32, 32, 3) uint8, `label` (n,) int64, and so is `coarse_label` of CIFAR-100.

    Raises:
        RequestError: the archive is damaged, or has other members or labels than it should.
    """
    layout = LAYOUTS[name]
    path = folder / layout.archive
    names = read_class_names(name, folder)
    contents = _read_members(path, layout.folder, layout.members[split])
    width = len(layout.names) + _PIXELS
    blocks = []
    for member in layout.members[split]:
        content = contents[member]
        if not content or len(content) % width:
            got = f"{member} in {path} has {count_of(len(content), 'byte')}"
            raise RequestError(f"{got}, expected a multiple of {width}: download it again")
        blocks.append(np.frombuffer(content, np.uint8).reshape(-1, width))
    examples = np.concatenate(blocks)
    found: dict[str, np.ndarray] = {}
    for column, feature in enumerate(layout.names):
        labels = examples[:, column].astype(np.int64)
        if labels.max() >= len(names[feature]):
            got = f"{feature} of {split} in {path} is {labels.max()}"
            raise RequestError(f"{got}, expected 0 to {len(names[feature]) - 1}: download it again")
        found[feature] = labels
    pixels = examples[:, len(layout.names) :].reshape(-1, 3, _SIDE, _SIDE)
    found["image"] = pixels.transpose(0, 2, 3, 1)
    return found


def read_class_names(name: str, folder: Path) -> dict[str, list[str]]:
    """Return feature -> the names of its classes, in their order."""
    layout = LAYOUTS[name]
    files = tuple(layout.names.values())
    contents = _read_members(folder / layout.archive, layout.folder, files)
    found = {}
    for feature, file in layout.names.items():
        lines = contents[file].decode("ascii", "replace").splitlines()
        found[feature] = [line for line in lines if line]
    return found


def _read_members(path: Path, folder: str, names: tuple[str, ...]) -> dict[str, bytes]:
    """Return the content of members of an archive, by their names in `folder`.

    Raises:
        RequestError: it cannot be read, lacks a member, or has names or links that lead out of it.
    """
    wanted = {f"{folder}/{name}": name for name in names}
    contents: dict[str, bytes] = {}
    try:
        with (
            open_regular(path) as raw,
            gzip.GzipFile(fileobj=raw) as stream,
            tarfile.open(fileobj=stream, mode="r|") as archive,
        ):
            for member in archive:
                _require_plain(path, member)
                if member.name in wanted:
                    file = archive.extractfile(member)
                    assert file is not None
                    contents[wanted[member.name]] = file.read(_LARGEST)
            # A tar archive ends before its file does, where gzip has the checksum of the content.
            while stream.read(_BLOCK):
                pass
    except _DAMAGE as error:
        what = f"{path} cannot be read ({first_line(error)})"
        raise RequestError(f"{what}: copy or download it again") from error
    missing = [name for name in names if name not in contents]
    if missing:
        raise RequestError(f"{path} has no {folder}/{missing[0]}: it is another archive")
    return contents


def _require_plain(path: Path, member: tarfile.TarInfo) -> None:
    """Raise RequestError for what no archive of a publisher has."""
    if member.name.startswith("/") or ".." in member.name.split("/"):
        raise RequestError(f"{path} has the member {member.name}, which leads out of it")
    if not member.isreg() and not member.isdir():
        raise RequestError(f"{path} has the member {member.name}, which is a link or a device")
