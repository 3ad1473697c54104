"""Decoded arrays beside the dataset they came from: whole and verified, or not there.

`<version>/decoded/` holds `<split>-{inputs,targets}.npy` and `manifest.json` with size and sha256 of these files and of the
dataset's own. The folder gets its name by one rename after everything in it is on disk, so a manifest means done.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from darnax.atomic import to_disk
from darnax.data.exclusive import scratch_folder
from darnax.data.reader import Arrays
from darnax.errors import Problem, RequestError
from darnax.files import open_regular, read_text

FOLDER = "decoded"
_MANIFEST = "manifest.json"


def read_cache(dataset: Path) -> dict[str, Arrays] | None:
    """Split -> arrays; None unless cache and dataset both have the checksums of the manifest."""
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
        known = json.loads(read_text(folder / _MANIFEST))["arrays"][name]
        return np.load(folder / name) if known == _checksum(folder / name) else None
    except (OSError, ValueError, KeyError, TypeError, MemoryError, RecursionError):
        return None


def _load(folder: Path, split: str, known: dict[str, Any]) -> Arrays:
    """Read the arrays of a split; ValueError where they are not among the files that have a checksum, or no arrays."""
    names = [f"{split}-{part}.npy" for part in Arrays._fields]
    if not known.keys() >= set(names):
        raise ValueError(f"there is no cache of {split}")
    arrays = [np.load(folder / name) for name in names]
    if not all(
        isinstance(array, np.ndarray) for array in arrays
    ):  # what is a zip inside becomes something else
        raise ValueError(f"the cache of {split} holds no arrays")
    return Arrays(*arrays)


def write_cache(dataset: Path, arrays: dict[str, Arrays]) -> None:
    """Put the arrays beside the dataset; the caller holds the lock of the dataset.

    Raises RequestError where something else has the place of the cache.
    """
    place = dataset / FOLDER
    if place.is_symlink() or (place.exists() and not place.is_dir()):
        raise RequestError(
            Problem(
                str(place), "is not a folder, expected the decoded arrays of the set; remove it"
            )
        )
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
        shutil.rmtree(place, ignore_errors=True)
        folder.rename(place)
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
