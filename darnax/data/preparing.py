"""Prepare a set on disk, from archives or through TensorFlow Datasets, and verify it."""

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from traceback import extract_tb
from typing import Any

from darnax.data.archive_builder import archive_builder
from darnax.data.archives import (
    ARCHIVES,
    check_archives,
    describe_archives,
    find_bundled,
    set_of,
)
from darnax.data.cache import read_cache, write_cache
from darnax.data.decoding import check_ends, check_size, decode, matches_source
from darnax.data.finding import explain_absent_package, find, find_absent_package
from darnax.data.image_encoding import encode_without_tensorflow
from darnax.data.preparation_lock import file_name, lock_set, scratch_folder
from darnax.data.progress import Progress, silent
from darnax.data.reader import Arrays, Damaged
from darnax.data.sources import Source, data_directory
from darnax.data.tfds_output import download_once, suppress_output
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

    `mnist` needs nothing else; `fashion_mnist`, `kmnist`, `emnist/…`, `cifar10`, `cifar100` and
    `svhn_cropped` are made from their publishers' files in `archives`; other sets need TensorFlow
    and the network.

    Raises:
        RequestError: the name is unknown, an archive is missing or wrong, or this machine lacks
            what is needed.
    """
    folder = Path(archives) if archives else None
    source, _ = find_or_prepare(
        name, data_directory(directory), folder, 2 * GIB, progress or silent
    )
    return source.folder


def find_prepared(name: str, directory: Path, progress: Progress) -> Source:
    """Return the set, prepared if necessary, without decoding it.

    Raises:
        RequestError: as `prepare`.
    """
    source = find(name, directory)
    if source is not None and source.prepared:
        return source
    with lock_set(directory, name):
        source = find(name, directory)
        if source is not None and source.prepared:
            return source
        return _build(name, directory, None, progress)


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
    write_cache(source.folder, arrays, source.name, source.class_names)
    return source, arrays


def _build(
    name: str,
    directory: Path,
    archives: Path | None,
    progress: Progress,
    damage: Damaged | None = None,
) -> Source:
    """Build a set; an old one stays until the new one is complete."""
    archives = archives or find_bundled(name)
    require_possible(name, directory, archives, damage)
    try:
        build_set(name, directory, lambda scratch: _make_builder(name, archives, scratch, progress))
    except RequestError as error:
        if archives is None and set_of(name) in ARCHIVES:
            raise _ask_for_archives(name, str(error)) from error
        raise
    source = find(name, directory)
    assert source is not None
    return source


def build_set(name: str, directory: Path, make: Callable[[Path], Any]) -> Path:
    """Run a builder in a scratch folder, move the result by a rename, and return its folder.

    The caller holds the lock of the set.

    Args:
        name: of the set, for messages.
        directory: of prepared sets.
        make: returns the builder, given the folder in which it prepares.

    Raises:
        RequestError: the builder fails, or needs TensorFlow.
    """
    import tensorflow_datasets as tfds

    with scratch_folder(directory / f".darnax-{file_name(name)}.partial") as scratch:
        # The downloads go to the scratch folder too: in a shared folder, TFDS mistakes an
        # archive of one set for that of another set with the same file name.
        manual = directory / "downloads" / "manual"
        config = tfds.download.DownloadConfig(manual_dir=manual if manual.is_dir() else None)
        try:
            builder = make(scratch)
            # These two would print the scratch folder as the location of the set.
            builder._log_download_bytes = builder._log_download_done = _log_nothing
            with suppress_output(), download_once(), encode_without_tensorflow():
                builder.download_and_prepare(
                    download_dir=str(scratch / "downloads"), download_config=config
                )
        except Exception as error:
            raise RequestError(_explain_failure(name, error)) from error
        built = Path(builder.data_path)
        folder = directory / built.relative_to(scratch)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            folder.rename(scratch / "replaced")
        built.rename(folder)
    return folder


def _log_nothing(_: Any = None) -> None:
    pass


def _explain_failure(name: str, error: BaseException) -> str:
    """Return why a builder failed: the first cause, which TFDS wraps."""
    while not isinstance(error, RequestError) and error.__cause__ is not None:
        error = error.__cause__
    reason = first_line(error)
    if reason.startswith("Failed to encode example"):
        reason = str(error).strip().splitlines()[-1]  # after the whole example
    absent = find_absent_package(error)
    if absent:
        reason = explain_absent_package(absent)
    elif not isinstance(error, RequestError):
        places = extract_tb(error.__traceback__)
        at = f" ({Path(places[-1].filename).name}, line {places[-1].lineno})" if places else ""
        reason = f"{type(error).__name__}: {reason}{at}"
    return f"{name} cannot be prepared: {reason}"


def require_preparable(name: str, directory: Path, damage: Damaged | None = None) -> None:
    """Raise RequestError where a set cannot be prepared on this machine; nothing is downloaded."""
    require_possible(name, directory, find_bundled(name), damage)


def require_possible(
    name: str, directory: Path, archives: Path | None, damage: Damaged | None = None
) -> None:
    """Raise RequestError, with what is needed, where a set cannot be prepared from these archives.

    Nothing is downloaded.
    """
    has_archives = set_of(name) in ARCHIVES
    if has_archives and archives is not None:
        return check_archives(name, archives)
    if archives is not None:
        known = ", ".join(ARCHIVES)
        raise RequestError(f"got archives for {name}, expected none: they are for {known} alone")
    if find_spec("tensorflow") is not None:
        return None
    reason = str(damage) if damage else f"{name} is not prepared in {directory}"
    if has_archives:
        raise _ask_for_archives(name, reason)
    what = "preparing it needs TensorFlow and the network: pip install tensorflow, and run"
    command = f"darnax data prepare {name}"
    raise RequestError(f"{reason}; {what} `{command}`, or copy the folder of a prepared one there")


def _ask_for_archives(name: str, reason: str) -> RequestError:
    """Return the error that names the files to fetch, and where to put them."""
    command = f"darnax data prepare {name} --archives DIR"
    what = f"{reason}; put these files into a folder DIR, and run `{command}`"
    return RequestError(what, *describe_archives(name))


def _make_builder(name: str, archives: Path | None, scratch: Path, progress: Progress) -> Any:
    import tensorflow_datasets as tfds

    if archives is not None:
        return archive_builder(name, archives, scratch, progress)
    return tfds.builder(name, data_dir=str(scratch), file_format="array_record")
