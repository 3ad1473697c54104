"""Sets of TFDS by name, by the class of a builder, or by the folder of a prepared one."""

import os
from pathlib import Path
from typing import Any

from darnax.data.archives import set_of
from darnax.data.finding import require_name
from darnax.data.preparation_lock import lock_set
from darnax.data.preparing import build_set, find_prepared
from darnax.data.progress import Progress
from darnax.data.sources import Source
from darnax.data.tfds_output import suppress_output
from darnax.data.untrusted_sets import require_harmless
from darnax.errors import Problem, RequestError, explain_unreadable, first_line


def require_builder(builder: type) -> None:
    """Raise ValueError unless a class is a builder of TFDS."""
    import tensorflow_datasets as tfds

    if not isinstance(builder, type) or not issubclass(builder, tfds.core.DatasetBuilder):
        got = getattr(builder, "__name__", type(builder).__name__)
        what = f"{got} is no class of tfds.core.DatasetBuilder"
        raise ValueError(f"{what}; write data.builder=PACKAGE.CLASS, without _target_")


def open_set(
    name: str | None,
    builder: type | None,
    path: Path | None,
    directory: Path,
    progress: Progress,
) -> Source:
    """Return a prepared set; it is prepared if necessary.

    Args:
        name: `name/config:version`; may be None with one of the next two.
        builder: a class of one's own.
        path: the folder of a prepared set.
        directory: of prepared sets.
        progress: called while the set is prepared.

    Raises:
        RequestError: there is no such set, or it cannot be prepared.
    """
    if name is not None:
        require_name(name)
    if path is not None:
        return _open_folder(name, path)
    if builder is not None:
        return _open_own(name, builder, directory, progress)
    if name is None:
        what = "got null; give the name of a dataset, or data.path or data.builder"
        raise RequestError(Problem("data.name", what))
    return find_prepared(name, directory, progress)


def _open_folder(name: str | None, path: Path) -> Source:
    """Return the prepared set in a folder such as `mine/1.0.0`."""
    import tensorflow_datasets as tfds

    if not path.exists():
        missing = explain_unreadable(path, FileNotFoundError())
        raise RequestError(Problem("data.path", f"{missing}; give the folder of a prepared set"))
    if not (path / "dataset_info.json").is_file():
        what = f"{path} has no dataset_info.json, expected the folder of a prepared set"
        raise RequestError(Problem("data.path", f"{what}, such as sets/NAME/VERSION"))
    require_harmless(path)
    try:
        with suppress_output():
            builder = tfds.builder_from_directory(str(path))
    except Exception as error:  # TFDS's parsers raise no common type
        what = f"{path} cannot be opened: {first_line(error)}"
        raise RequestError(Problem("data.path", what)) from error
    if name is not None and set_of(name) != builder.name:
        what = f"got {name}, but {path} has {builder.name}; set it to null"
        raise RequestError(Problem("data.name", what))
    return Source(full_name(builder), lambda: builder)


def _open_own(name: str | None, builder: Any, directory: Path, progress: Progress) -> Source:
    """Return the set of a class of one's own, prepared on first use."""
    name = name or builder.name
    if set_of(name) != builder.name:
        what = f"got {name}, but data.builder is the builder of {builder.name}"
        raise RequestError(Problem("data.name", f"{what}; set it to null"))
    require_harmless(directory / set_of(name), {builder.__module__.partition(".")[0]})
    source = _make_own(name, builder, directory)
    if source.prepared:
        return source
    stage = f"prepare {source.name}"
    progress(stage, 0, 1)
    with lock_set(directory, source.name):
        source = _make_own(name, builder, directory)
        if not source.prepared:
            build_set(
                source.name, directory, lambda scratch: _make_builder(name, builder, scratch, True)
            )
    progress(stage, 1, 1)
    return _make_own(name, builder, directory)


def _make_own(name: str, builder: type, directory: Path) -> Source:
    made = _make_builder(name, builder, directory, False)
    return Source(full_name(made), lambda: made)


def _make_builder(name: str, builder: type, directory: Path, is_new: bool) -> Any:
    """Return the builder; a new set is written as array_record, which needs no TensorFlow."""
    own, _, version = name.partition(":")
    config = own.partition("/")[2]
    try:
        with suppress_output():
            return builder(
                data_dir=os.fspath(directory),
                config=config or None,
                version=version or None,
                file_format="array_record" if is_new else None,
            )
    except Exception as error:  # a class of one's own may raise anything
        what = f"{builder.__name__} cannot be made for {name}: {first_line(error)}"
        raise RequestError(Problem("data.builder", what)) from error


def full_name(builder: Any) -> str:
    """Return `name/config:version` of a builder."""
    config = getattr(builder.builder_config, "name", None)
    name = f"{builder.name}/{config}" if config else builder.name
    return f"{name}:{builder.version}"
