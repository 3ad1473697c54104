"""Decoded arrays beside the dataset that they were decoded from.

`<version>/decoded/` holds `<split>-{inputs,targets}.npy` and `manifest.json` with the size and the
sha256 of these files and of the dataset's own. The folder gets its name by one rename after
everything in it is on disk, so a folder with a manifest is complete.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from darnax.atomic import to_disk
from darnax.data.preparation_lock import scratch_folder
from darnax.data.reader import Arrays
from darnax.errors import Problem, RequestError
from darnax.files import open_regular, read_text

FOLDER = "decoded"
_MANIFEST = "manifest.json"


def read_cache(dataset: Path) -> dict[str, Arrays] | None:
    """Return split -> arrays; None unless cache and dataset have the checksums of the manifest."""
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
    names = [f"{split}-{part}.npy" for part in Arrays._fields]
    if not checksums.keys() >= set(names):
        raise ValueError(f"there is no cache of {split}")
    arrays = [np.load(folder / name) for name in names]
    # np.load returns an NpzFile for a zip archive, whatever the name of the file.
    if not all(isinstance(array, np.ndarray) for array in arrays):
        raise ValueError(f"the cache of {split} contains no arrays")
    return Arrays(*arrays)


def write_cache(dataset: Path, arrays: dict[str, Arrays]) -> None:
    """Write the arrays beside the dataset; the caller holds the lock of the dataset.

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
    return {
        path.name: _checksum(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != _MANIFEST
    }


def _checksum(path: Path) -> dict[str, Any]:
    with open_regular(path) as file:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }
