"""Decoded arrays beside the dataset that they were decoded from.

`<version>/decoded/` holds `<split>-{inputs,targets}.npy` and `manifest.json` with the size and the
sha256 of these files and of the dataset's own, and with the name of the set and of its classes. The
folder gets its name by one rename after everything in it is on disk, so a folder with a manifest is
complete.
"""

import hashlib
import json
import shutil
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from darnax.atomic import to_disk
from darnax.data.preparation_lock import scratch_folder
from darnax.data.reader import Arrays
from darnax.errors import Problem, RequestError
from darnax.files import open_regular, read_text

FOLDER = "decoded"
ROLES = ("train", "validation", "test")
"""The splits that training can use."""
DESCRIPTIONS = (".json", ".txt")
_MANIFEST = "manifest.json"


class CachedOutline(NamedTuple):
    """What the cache of a set says of it: folder, name, classes, one example, and the splits."""

    folder: Path
    name: str
    class_names: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    counts: dict[str, int]


def read_cache(dataset: Path) -> dict[str, Arrays] | None:
    """Return split -> mapped arrays; None unless all files have the checksums of the manifest."""
    folder = dataset / FOLDER
    try:
        manifest = json.loads(read_text(folder / _MANIFEST))
        if manifest["dataset"] != _checksums(dataset) or manifest["arrays"] != _checksums(folder):
            return None
        return {split: _load(folder, split, manifest["arrays"]) for split in manifest["splits"]}
    except (OSError, ValueError, KeyError, TypeError, MemoryError, RecursionError):
        return None


def read_targets(dataset: Path, split: str) -> np.ndarray | None:
    """Return the labels of a split, without its inputs; None unless they have their checksum."""
    folder, name = dataset / FOLDER, f"{split}-targets.npy"
    try:
        expected = json.loads(read_text(folder / _MANIFEST))["arrays"][name]
        return np.load(folder / name) if expected == _checksum(folder / name) else None
    except (OSError, ValueError, KeyError, TypeError, MemoryError, RecursionError):
        return None


def _load(folder: Path, split: str, checksums: dict[str, Any]) -> Arrays:
    """Read the arrays of a split.

    Raises:
        ValueError: a file has no checksum in the manifest, or does not contain an array.
    """
    return Arrays(
        *(_open_array(folder, f"{split}-{part}.npy", checksums) for part in Arrays._fields)
    )


def _open_array(folder: Path, name: str, kept: Collection[str]) -> np.ndarray:
    """Map the array of a file into memory, so that only the examples that are used are read.

    A process that reads a mapped file ends with SIGBUS if another one has cut the file short: copy
    the array, or a part of it, before it is kept.
    """
    if name not in kept:
        raise ValueError(f"there is no cache {name}")
    array = np.load(folder / name, mmap_mode="r")
    # np.load returns an NpzFile for a zip archive, whatever the name of the file.
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} contains no array")
    return array


def read_outline(dataset: Path) -> CachedOutline | None:
    """Return what the cache says of a set; None unless the files are those of the manifest.

    Of the inputs only the headers of their files are read: sizes are compared, and the checksums of
    descriptions.
    """
    folder = dataset / FOLDER
    try:
        manifest = json.loads(read_text(folder / _MANIFEST))
        for place, kept in ((dataset, manifest["dataset"]), (folder, manifest["arrays"])):
            if not _has_kept_files(place, kept):
                return None
        counts, examples = {}, set()
        for split in manifest["splits"]:
            inputs = _open_array(folder, f"{split}-inputs.npy", manifest["arrays"])
            counts[split] = len(inputs)
            examples.add((inputs.shape[1:], inputs.dtype))
        if counts != _described_counts(dataset):
            return None
        (example,) = examples
        names = tuple(map(str, manifest["class_names"]))
        return CachedOutline(dataset, str(manifest["name"]), names, *example, counts)
    except (OSError, ValueError, KeyError, TypeError, MemoryError, RecursionError):
        return None


def _has_kept_files(folder: Path, kept: dict[str, Any]) -> bool:
    files = {path.name: path for path in _files(folder)}
    if files.keys() != kept.keys():
        return False
    for name, path in files.items():
        if path.stat().st_size != kept[name]["bytes"]:
            return False
        if path.suffix in DESCRIPTIONS and _checksum(path) != kept[name]:
            return False
    return True


def _described_counts(dataset: Path) -> dict[str, int]:
    """Return the number of examples of each split that training can use, from the description."""
    splits = json.loads(read_text(dataset / "dataset_info.json"))["splits"]
    counts = {split["name"]: sum(map(int, split["shardLengths"])) for split in splits}
    return {name: count for name, count in counts.items() if name in ROLES}


def write_cache(
    dataset: Path, arrays: dict[str, Arrays], name: str, class_names: Sequence[str]
) -> None:
    """Write the arrays beside the dataset; the caller holds the lock of the dataset.

    Args:
        dataset: the folder of this version of the set.
        arrays: by split.
        name: of the set, as it was asked for.
        class_names: in the order of the labels.

    Raises:
        RequestError: the path of the cache exists and is not a folder.
    """
    cache = dataset / FOLDER
    if cache.is_symlink() or (cache.exists() and not cache.is_dir()):
        what = "is not a folder, expected the decoded arrays of the set; remove it"
        raise RequestError(Problem(str(cache), what))
    with scratch_folder(dataset / f".{FOLDER}.partial") as folder:
        for split, decoded in arrays.items():
            for part, array in decoded._asdict().items():
                np.save(folder / f"{split}-{part}.npy", array)
        manifest = {
            "name": name,
            "class_names": list(class_names),
            "splits": list(arrays),
            "dataset": _checksums(dataset),
            "arrays": _checksums(folder),
        }
        (folder / _MANIFEST).write_text(json.dumps(manifest, indent=2))
        for path in (*folder.iterdir(), folder):
            to_disk(path)
        shutil.rmtree(cache, ignore_errors=True)
        folder.rename(cache)
    to_disk(dataset)


def _checksums(folder: Path) -> dict[str, Any]:
    return {path.name: _checksum(path) for path in _files(folder)}


def _files(folder: Path) -> list[Path]:
    """Return the files of a set, or of its cache without the manifest."""
    files = (path for path in sorted(folder.iterdir()) if path.name != _MANIFEST)
    return [path for path in files if path.is_file()]


def _checksum(path: Path) -> dict[str, Any]:
    state = path.stat()
    digest = _sha256(path.absolute(), state.st_ino, state.st_size, state.st_mtime_ns)
    return {"bytes": state.st_size, "sha256": digest}


@lru_cache(maxsize=256)
def _sha256(path: Path, *state: int) -> str:
    """Return the digest of a file, once for each state of it: a sweep opens one set many times."""
    del state
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
