"""Get a set onto disk, from archives or through TensorFlow Datasets, and hand over nothing that is damaged."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from darnax.data.archives import IDX_SETS, bundled, check_archives
from darnax.data.cache import read_cache, write_cache
from darnax.data.decoding import check_ends, check_size, decode, is_of
from darnax.data.exclusive import exclusive, scratch_folder
from darnax.data.idx_builder import idx_builder
from darnax.data.progress import Progress, silent
from darnax.data.quiet import quiet
from darnax.data.reader import Arrays, Damaged
from darnax.data.sources import Source, data_directory, find
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

    `mnist` needs nothing else; `fashion_mnist` and `kmnist` are made from the four IDX archives in `archives`; other sets
    need TensorFlow and the network. Raises RequestError: unknown name, missing or wrong archive, no way to prepare it.
    """
    source, _ = obtain(
        name,
        data_directory(directory),
        Path(archives) if archives else None,
        2 * GIB,
        progress or silent,
    )
    return source.folder


def obtain(
    name: str, directory: Path, archives: Path | None, memory: int, progress: Progress
) -> Ready:
    """Return the set, prepared, rebuilt or decoded as need be; sets of more than `memory` bytes are not decoded."""
    if ready := _ready(name, directory, memory):
        return ready
    if (
        directory.is_dir()
        and not os.access(directory, os.W_OK)
        and (source := find(name, directory))
        and source.prepared
    ):
        return source, decode(source, progress)
    with exclusive(directory, name):
        return _ready(name, directory, memory) or _make(name, directory, archives, memory, progress)


def _ready(name: str, directory: Path, memory: int) -> Ready | None:
    source = find(name, directory)
    if source is None or not source.prepared:
        return None
    if source.nbytes <= memory:
        check_size(source)
        arrays = read_cache(source.folder)
        return (source, arrays) if arrays and is_of(source, arrays) else None
    try:
        check_ends(source)
    except Damaged:
        return None
    return source, None


def _make(
    name: str, directory: Path, archives: Path | None, memory: int, progress: Progress
) -> Ready:
    source = find(name, directory)
    if source is not None and source.prepared:
        try:
            return _decoded(source, memory, progress)
        except Damaged as damage:
            return _decoded(_build(name, directory, archives, progress, damage), memory, progress)
    return _decoded(_build(name, directory, archives, progress), memory, progress)


def _decoded(source: Source, memory: int, progress: Progress) -> Ready:
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
    """Build in a scratch folder and put the result in place by a rename; what was there stays until then."""
    archives = archives or bundled(name)
    _check_possible(name, directory, archives, damage)
    with scratch_folder(directory / f".darnax-{name.replace('/', '-')}.partial") as scratch:
        builder = _builder(name, archives, scratch, progress)
        try:
            # The downloads lie in the scratch folder as well: TFDS takes an archive of one set for that of another.
            with quiet():
                builder.download_and_prepare(download_dir=str(scratch / "downloads"))
        except Exception as error:
            raise RequestError(f"{name} cannot be prepared: {first_line(error)}") from error
        built = Path(builder.data_path)
        place = directory / built.relative_to(scratch)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.rename(scratch / "replaced")
        built.rename(place)
    source = find(name, directory)
    assert source is not None
    return source


def require_preparable(name: str, directory: Path, damage: Damaged | None = None) -> None:
    """Raise RequestError where a set cannot be prepared on this machine; nothing is downloaded."""
    _check_possible(name, directory, bundled(name), damage)


def _check_possible(
    name: str, directory: Path, archives: Path | None, damage: Damaged | None
) -> None:
    if name in IDX_SETS and archives is not None:
        return check_archives(name, archives)
    if archives is not None:
        raise RequestError(
            f"{name} is not made of IDX archives, only {', '.join(IDX_SETS)} are: leave out --archives"
        )
    if find_spec("tensorflow") is None:
        why = str(damage) if damage else f"{name} is not prepared in {directory}"
        way = (
            f"its four archives (darnax data prepare {name} --archives DIR), or "
            if name in IDX_SETS
            else ""
        )
        raise RequestError(f"{why}; preparing it needs {way}TensorFlow and the network")
    return None


def _builder(name: str, archives: Path | None, scratch: Path, progress: Progress) -> Any:
    import tensorflow_datasets as tfds

    if archives is not None:
        return idx_builder(name, archives, scratch, progress)
    return tfds.builder(name, data_dir=str(scratch), file_format="array_record")
