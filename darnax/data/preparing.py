"""Prepare a set on disk, from archives or through TensorFlow Datasets, and verify it."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from darnax.data.archives import IDX_SETS, check_archives, find_bundled
from darnax.data.cache import read_cache, write_cache
from darnax.data.decoding import check_ends, check_size, decode, matches_source
from darnax.data.idx_builder import idx_builder
from darnax.data.preparation_lock import lock_set, scratch_folder
from darnax.data.progress import Progress, silent
from darnax.data.reader import Arrays, Damaged
from darnax.data.sources import Source, data_directory, find
from darnax.data.tfds_output import suppress_output
from darnax.errors import RequestError, first_line

GIB = 2**30

Ready = tuple[Source, dict[str, Arrays] | None]
"""A prepared set, and its decoded arrays where they fit in memory."""


def prepare(
    name: str,
    directory: str | Path | None,
    archives: str | Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Prepare a set in `directory`, unless it is there already, and return its folder.

    `mnist` needs nothing else; `fashion_mnist` and `kmnist` are made from the four IDX archives in
    `archives`; other sets need TensorFlow and the network.

    Raises:
        RequestError: the name is unknown, an archive is missing or wrong, or this machine lacks
            what is needed.
    """
    folder = Path(archives) if archives else None
    source, _ = find_or_prepare(
        name, data_directory(directory), folder, 2 * GIB, progress or silent
    )
    return source.folder


def find_or_prepare(
    name: str, directory: Path, archives: Path | None, memory: int, progress: Progress
) -> Ready:
    """Return the set, prepared, rebuilt or decoded as necessary.

    Sets of more than `memory` bytes are not decoded.
    """
    ready = _find_ready(name, directory, memory)
    if ready:
        return ready
    is_read_only = directory.is_dir() and not os.access(directory, os.W_OK)
    if is_read_only:
        # Neither a lock nor a cache can be written here: decode on every opening.
        source = find(name, directory)
        if source and source.prepared:
            return source, decode(source, progress)
    with lock_set(directory, name):
        # Another process may have prepared it while this one waited for the lock.
        ready = _find_ready(name, directory, memory)
        return ready or _make(name, directory, archives, memory, progress)


def _find_ready(name: str, directory: Path, memory: int) -> Ready | None:
    """Return the set if it is prepared and, where it fits in memory, cached; or None."""
    source = find(name, directory)
    if source is None or not source.prepared:
        return None
    if source.nbytes <= memory:
        check_size(source)
        arrays = read_cache(source.folder)
        return (source, arrays) if arrays and matches_source(source, arrays) else None
    try:
        check_ends(source)
    except Damaged:
        return None
    return source, None


def _make(
    name: str, directory: Path, archives: Path | None, memory: int, progress: Progress
) -> Ready:
    """Decode a prepared set, and build it first where it is missing or damaged."""
    source = find(name, directory)
    if source is not None and source.prepared:
        try:
            return _decode_and_cache(source, memory, progress)
        except Damaged as damage:
            rebuilt = _build(name, directory, archives, progress, damage)
            return _decode_and_cache(rebuilt, memory, progress)
    built = _build(name, directory, archives, progress)
    return _decode_and_cache(built, memory, progress)


def _decode_and_cache(source: Source, memory: int, progress: Progress) -> Ready:
    if source.nbytes > memory:
        check_ends(source)
        return source, None
    arrays = decode(source, progress)
    write_cache(source.folder, arrays)
    return source, arrays


def _build(
    name: str,
    directory: Path,
    archives: Path | None,
    progress: Progress,
    damage: Damaged | None = None,
) -> Source:
    """Build in a scratch folder and move the result by a rename; the old set stays until then."""
    archives = archives or find_bundled(name)
    _check_possible(name, directory, archives, damage)
    with scratch_folder(directory / f".darnax-{name.replace('/', '-')}.partial") as scratch:
        builder = _builder(name, archives, scratch, progress)
        try:
            # The downloads go to the scratch folder too: in a shared folder, TFDS mistakes an
            # archive of one set for that of another set with the same file name.
            with suppress_output():
                builder.download_and_prepare(download_dir=str(scratch / "downloads"))
        except Exception as error:
            raise RequestError(f"{name} cannot be prepared: {first_line(error)}") from error
        built = Path(builder.data_path)
        folder = directory / built.relative_to(scratch)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            folder.rename(scratch / "replaced")
        built.rename(folder)
    source = find(name, directory)
    assert source is not None
    return source


def require_preparable(name: str, directory: Path, damage: Damaged | None = None) -> None:
    """Raise RequestError where a set cannot be prepared on this machine; nothing is downloaded."""
    _check_possible(name, directory, find_bundled(name), damage)


def _check_possible(
    name: str, directory: Path, archives: Path | None, damage: Damaged | None
) -> None:
    if name in IDX_SETS and archives is not None:
        return check_archives(name, archives)
    if archives is not None:
        known = ", ".join(IDX_SETS)
        what = f"got archives for {name}, expected none: only {known} are made of IDX archives"
        raise RequestError(what)
    if find_spec("tensorflow") is None:
        reason = str(damage) if damage else f"{name} is not prepared in {directory}"
        needed = "TensorFlow and the network"
        if name in IDX_SETS:
            needed = f"its four archives (darnax data prepare {name} --archives DIR), or {needed}"
        raise RequestError(f"{reason}; preparing it needs {needed}")
    return None


def _builder(name: str, archives: Path | None, scratch: Path, progress: Progress) -> Any:
    import tensorflow_datasets as tfds

    if archives is not None:
        return idx_builder(name, archives, scratch, progress)
    return tfds.builder(name, data_dir=str(scratch), file_format="array_record")
