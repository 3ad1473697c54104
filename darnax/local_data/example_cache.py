"""Decoded images beside the folder that they come from; a change of any file makes them anew.

`<folder>/manifest.json` contains the signature of what was decoded; `<split>-inputs.npy` and
`<split>-targets.npy` are the examples. The folder gets its name by one rename after everything in
it is on disk.
"""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from darnax.atomic import to_disk
from darnax.data.preparation_lock import lock_set, scratch_folder
from darnax.data.reader import Arrays
from darnax.errors import RequestError
from darnax.files import in_memory, open_regular, read_text
from darnax.printing import count_of

HIDDEN = ".darnax-cache"
CHECKED = 1 << 30  # bytes of inputs whose checksum is verified at every opening
_MANIFEST = "manifest.json"
_VERSION = 1
_BYTE = np.dtype(np.uint8)
_ERRORS = (OSError, ValueError, KeyError, TypeError, AttributeError, MemoryError, RecursionError)

Fill = Callable[["Writer"], None]


class Writer:
    """Arrays of a cache that is being made: on disk, or in memory if there is no folder."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.inputs: dict[str, np.ndarray] = {}

    def allocate(
        self, role: str, shape: tuple[int, ...], dtype: np.dtype[Any] = _BYTE
    ) -> np.ndarray:
        """Return an array to fill with the inputs of a split.

        Raises:
            RequestError: it would be larger than the memory or the disk.
        """
        size = math.prod(shape) * dtype.itemsize
        free = in_memory() if self.folder is None else shutil.disk_usage(self.folder).free
        if size > free:
            where = "a third of the memory" if self.folder is None else f"free in {self.folder}"
            what = f"the inputs of {role} have {count_of(size, 'byte')} when they are decoded, "
            what += f"expected at most {free}, {where}; make images smaller with data.resize"
            raise RequestError(what)
        if self.folder is None:
            self.inputs[role] = np.empty(shape, dtype)
        else:
            path = self.folder / f"{role}-inputs.npy"
            self.inputs[role] = np.lib.format.open_memmap(path, "w+", dtype, shape)
        return self.inputs[role]


def find_place(beside: Path, directory: Path, key: str) -> Path | None:
    """Return the folder of a cache: in a data folder, or else in `directory`; None if in neither.

    Args:
        beside: the data; their folder is used if it can be written to.
        directory: the folder of prepared datasets.
        key: of what was decoded, and how.
    """
    if beside.is_dir() and os.access(beside, os.W_OK) and not (beside / HIDDEN).is_symlink():
        return beside / HIDDEN / key
    path = hashlib.sha256(os.fsencode(beside.resolve())).hexdigest()[:16]
    above = directory
    while not above.exists() and above != above.parent:
        above = above.parent
    is_usable = above.is_dir() and os.access(above, os.W_OK)
    return directory / HIDDEN / f"{path}-{key}" if is_usable else None


@contextmanager
def lock_cache(place: Path | None) -> Iterator[None]:
    """Hold the lock of a cache, so that one process at a time makes it."""
    if place is None:
        yield
        return
    with lock_set(place.parent, place.name):
        yield


def read_examples(
    place: Path | None, signature: str, required: Collection[str] = ("train",)
) -> tuple[dict[str, Arrays], tuple[str, ...]] | None:
    """Return the examples and class names of a cache; None unless it is whole and up to date.

    Args:
        place: the folder of the cache.
        signature: of what was decoded.
        required: the splits that it has.
    """
    if place is None:
        return None
    try:
        manifest = json.loads(read_text(place / _MANIFEST))
        if manifest["version"] != _VERSION or manifest["signature"] != signature:
            return None
        names = tuple(map(str, manifest["class_names"]))
        splits = {}
        for role, expected in manifest["splits"].items():
            inputs = _load(place / f"{role}-inputs.npy", expected["inputs"], CHECKED)
            targets = _load(place / f"{role}-targets.npy", expected["targets"], CHECKED)
            if len(inputs) != len(targets) or (names and not _are_classes(targets, len(names))):
                return None
            splits[role] = Arrays(inputs, np.asarray(targets))
        return (splits, names) if splits.keys() >= set(required) else None
    except _ERRORS:
        return None


def _are_classes(targets: np.ndarray, classes: int) -> bool:
    if targets.dtype != np.int32 or targets.ndim != 1:
        return False
    return not len(targets) or bool(0 <= targets.min() <= targets.max() < classes)


def _load(path: Path, expected: Mapping[str, Any], checked: int) -> np.ndarray:
    """Map an array into memory.

    Raises:
        ValueError: it is not the one that was written.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size != expected["bytes"]:
            raise ValueError(f"{path.name} has {count_of(size, 'byte')}")
        if size <= checked and _checksum(path) != expected["sha256"]:
            raise ValueError(f"{path.name} has another checksum")
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{path.name} contains no array")
    return array


def _checksum(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_examples(
    place: Path | None,
    signature: str,
    fill: Fill,
    targets: Mapping[str, np.ndarray],
    class_names: tuple[str, ...],
) -> dict[str, Arrays]:
    """Make the inputs and write them with their targets; the caller holds the lock.

    Without a place the examples stay in memory.
    """
    if place is None:
        writer = Writer(None)
        fill(writer)
        return {role: Arrays(inputs, targets[role]) for role, inputs in writer.inputs.items()}
    with scratch_folder(place.with_name(f".{place.name}.partial")) as folder:
        writer = Writer(folder)
        fill(writer)
        for role, array in writer.inputs.items():
            array.flush()  # type: ignore[attr-defined]
            np.save(folder / f"{role}-targets.npy", targets[role])
        splits = {role: _describe(folder, role) for role in writer.inputs}
        manifest = {
            "version": _VERSION,
            "signature": signature,
            "class_names": list(class_names),
            "splits": splits,
        }
        (folder / _MANIFEST).write_text(json.dumps(manifest, indent=2))
        for path in (*folder.iterdir(), folder):
            to_disk(path)
        shutil.rmtree(place, ignore_errors=True)
        folder.rename(place)
    found = read_examples(place, signature, targets)
    if found is None:
        raise RequestError(f"{place} cannot be read after it was written; remove it")
    return found[0]


def _describe(folder: Path, role: str) -> dict[str, Any]:
    found = {}
    for part in Arrays._fields:
        path = folder / f"{role}-{part}.npy"
        found[part] = {"bytes": path.stat().st_size, "sha256": _checksum(path)}
    return found
