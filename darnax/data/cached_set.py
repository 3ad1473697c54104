"""A prepared set as the cache of its decoded arrays describes it, without TensorFlow Datasets.

Importing TensorFlow Datasets takes half a second, which a set that was decoded once does not need.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from darnax.data.archives import set_of
from darnax.data.cache import read_outline
from darnax.data.sources import require_name
from darnax.data.untrusted_sets import require_harmless

_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, eq=False)
class CachedSet:
    """A set whose examples are decoded, with the attributes of `Source` that reading it needs."""

    name: str
    folder: Path
    class_names: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    counts: dict[str, int]

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits that are decoded."""
        return tuple(self.counts)

    @property
    def nbytes(self) -> int:
        """Bytes of all raw inputs together."""
        return sum(self.counts.values()) * self.example_bytes

    @property
    def example_bytes(self) -> int:
        """Bytes of one raw input."""
        return math.prod(self.shape) * self.dtype.itemsize


def find_cached(name: str, directory: Path) -> CachedSet | None:
    """Return the set called `name` if it is decoded; None where TensorFlow Datasets has to look.

    That is where the cache is absent or damaged, or the version is not the only one.

    Raises:
        RequestError: it is no name of a set, or the folder contains what must not be read.
    """
    require_name(name)
    require_harmless(directory / set_of(name))
    folder = find_only_version(name, directory)
    outline = None if folder is None else read_outline(folder)
    if folder is None or outline is None or outline.name != name:
        return None
    return CachedSet(name, folder, *outline[1:])


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
