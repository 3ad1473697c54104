"""Finds a set of TensorFlow Datasets by its name, or says why it cannot be found."""

import re
from functools import partial
from pathlib import Path
from typing import Any

from darnax.data.archives import set_of
from darnax.data.cached_outline import find_outline
from darnax.data.sources import Source
from darnax.data.tfds_output import suppress_output
from darnax.data.untrusted_sets import require_harmless
from darnax.errors import Problem, RequestError, first_line
from darnax.near import near

# The names that TFDS accepts (name, name/config, name:version), without those that are paths.
_NAME = re.compile(r"\w+(/\w[\w.+-]*)?(:\d[\w.+*-]*)?")


def require_name(name: str) -> None:
    """Raise RequestError for what is no name of a set, such as a path."""
    if not _NAME.fullmatch(name):
        what = f"got {name!r}, expected a name such as mnist or emnist/balanced"
        raise RequestError(Problem("data.name", what))


def _make_unknown_error(name: str, directory: Path) -> RequestError:
    """Return the error that there is no such set, with the configurations or names there are."""
    import tensorflow_datasets as tfds

    own = []
    for pattern in ("[!.]*/dataset_info.json", "[!.]*/*/dataset_info.json"):
        for path in sorted((directory / set_of(name)).glob(pattern)):
            found = path.parent.parent.relative_to(directory).as_posix()
            own.append(f"{found}:{path.parent.name}" if ":" in name else found)
    if own:
        what = f"got {name!r}, expected one of {', '.join(dict.fromkeys(own))}"
        return RequestError(Problem("data.name", what))
    registered = tfds.list_builders(with_community_datasets=False)
    folders = [path.name for path in directory.glob("[!.]*/")]
    known = list(dict.fromkeys([*registered, *folders]))
    nearest = near(set_of(name), known, 3)
    advice = f"nearest: {', '.join(nearest)}" if nearest else "`darnax data list` shows some"
    what = f"got {name!r}, which is no known dataset; {advice}"
    what += "; for a builder of your own choose data=tfds and data.builder=PACKAGE.CLASS"
    return RequestError(Problem("data.name", what))


def find_absent_package(error: BaseException | None) -> str:
    """Return the package that an import lacked, by an exception or its causes; "" if none did."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            return error.name
        error = error.__cause__
    return ""


def explain_absent_package(package: str) -> str:
    """Return why a builder cannot run without a package, and what to do."""
    return f"its builder needs {package}, which is not installed: pip install {package}"


def find(name: str, directory: Path) -> Source | None:
    """Return the set called `name`, prepared or not; None if its description cannot be read.

    Raises:
        RequestError: there is no such set (the nearest names are given), or its folder contains
            what must not be read.
    """
    require_name(name)
    set_name = set_of(name)
    require_harmless(directory / set_name)
    source = Source(name, partial(_open_builder, name, directory), find_outline(name, directory))
    if source.outline is not None:
        return source
    import tensorflow_datasets as tfds

    try:
        source.builder  # noqa: B018  (reads the description)
        return source
    except tfds.core.DatasetNotFoundError:
        raise _make_unknown_error(name, directory) from None
    except Exception as error:
        # The parsers that TFDS uses for a damaged description raise no common type.
        is_registered = set_name in tfds.list_builders(with_community_datasets=False)
        if is_registered and (directory / name.partition(":")[0]).exists():
            return None
        absent = find_absent_package(error)
        reason = explain_absent_package(absent) if absent else first_line(error)
        what = f"{name!r} in {directory} cannot be opened: {reason}"
        raise RequestError(Problem("data.name", what)) from error


def _open_builder(name: str, directory: Path) -> Any:
    """Return the builder of TensorFlow Datasets, which reads the description of a prepared set."""
    import tensorflow_datasets as tfds

    with suppress_output():
        return tfds.builder(name, data_dir=str(directory))
