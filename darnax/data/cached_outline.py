"""Finds what the cache of a prepared set says of it, without TensorFlow Datasets.

Importing TensorFlow Datasets takes half a second, which a set that was decoded once does not need.
"""

import re
from pathlib import Path

from darnax.data.cache import CachedOutline, read_outline

_VERSION = re.compile(r"\d+\.\d+\.\d+")


def find_outline(name: str, directory: Path) -> CachedOutline | None:
    """Return the outline of the set called `name`; None where TensorFlow Datasets has to look.

    That is where the cache is absent or damaged, or the version is not the only one.
    """
    folder = find_only_version(name, directory)
    outline = None if folder is None else read_outline(folder)
    return outline if outline is not None and outline.name == name else None


def find_only_version(name: str, directory: Path) -> Path | None:
    """Return the folder of the version that a name asks for, or of the only one there is."""
    base, _, version = name.partition(":")
    if version:
        return directory / base / version
    parent = directory / base
    if not parent.is_dir():
        return None
    versions = [path for path in parent.iterdir() if _VERSION.fullmatch(path.name)]
    return versions[0] if len(versions) == 1 else None
