"""Checks of a prepared set before TensorFlow Datasets reads it.

TFDS opens every file in the folder of a prepared set, and imports the module of every feature that
features.json names. A set from an untrusted origin must neither run code nor block the process, so
only regular files of a plausible size and features that TFDS defines itself are accepted.
"""

import json
import os
import re
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from darnax.errors import Problem, RequestError
from darnax.files import SMALL, read_bytes, read_text

_LEVELS = 3  # <name>/<config>/<version>
_DEFINED_BY_TFDS = re.compile(r"tensorflow_datasets\.core\.features(\.\w+)+")
# The present JSON name, the name that protobuf accepts as well, and the name of older versions.
_CLASS_KEYS = ("pythonClassName", "python_class_name", "type")
_COUNT_KEYS = ("numClasses", "num_classes")
_MOST_CLASSES = 1_000_000  # TFDS makes a list of their names
_DESCRIPTION_SUFFIXES = (".json", ".txt")
_RECORD_FILE = re.compile(r".*-\d+-of-\d+")
_REMOVE = "remove it, or prepare the set in another folder (paths.data=DIR)"


def require_harmless(folder: Path, trusted: Collection[str] = ()) -> None:
    """Raise RequestError where the folder of all versions of a set contains what must not be read.

    A folder that does not exist passes.

    Args:
        folder: of the set.
        trusted: packages whose features may be imported.
    """
    for path in _walk_files(folder, _LEVELS):
        if path.suffix in _DESCRIPTION_SUFFIXES and path.stat().st_size > SMALL:
            raise _make_error(
                path, f"has more than {SMALL} bytes, which no description of a set has"
            )
        if path.name == "features.json":
            _check_features(path, trusted)
        if path.name == "dataset_info.json":
            _check_names(path)


def _make_error(path: Path, what: str) -> RequestError:
    return RequestError(Problem(str(path), f"{what}; {_REMOVE}"))


def _walk_files(folder: Path, levels: int) -> Iterator[Path]:
    """Yield the files of a set, without hidden folders and those that darnax keeps beside them."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _make_error(folder, f"cannot be read ({error.strerror})") from error
    for entry in entries:
        if entry.name == "decoded" or entry.name.startswith("."):
            continue
        path = Path(entry.path)
        mode = _read_mode(path)
        if stat.S_ISDIR(mode) and not _is_file_name(entry.name):
            if levels:
                yield from _walk_files(path, levels - 1)
        elif stat.S_ISREG(mode):
            yield path
        else:
            raise _make_error(path, "is not a regular file")


def _read_mode(path: Path) -> int:
    try:
        return path.stat().st_mode  # follows links: what TFDS would open counts
    except OSError as error:
        raise _make_error(path, f"cannot be read ({error.strerror})") from error


def _is_file_name(name: str) -> bool:
    """Return whether TFDS would open a path of this name as a file."""
    return name.endswith(_DESCRIPTION_SUFFIXES) or bool(_RECORD_FILE.fullmatch(name))


def _check_features(path: Path, trusted: Collection[str]) -> None:
    # TFDS writes ASCII, and reads it in the encoding of the locale: other bytes are ambiguous.
    if not read_bytes(path).isascii():
        raise _make_error(path, "has characters beyond ASCII, which TFDS never writes")
    for key, value in _walk_entries(_load_json(path)):
        if key in _CLASS_KEYS and isinstance(value, str) and not _may_import(value, trusted):
            expected = "expected one of tensorflow_datasets.core.features"
            what = f"names the feature {value!r}, {expected}: its module is not imported"
            raise _make_error(path, what)
        if key in _COUNT_KEYS and _as_count(value) > _MOST_CLASSES:
            what = f"has {value!r:.40} classes, expected at most {_MOST_CLASSES}"
            raise _make_error(path, what)
        if ".." in key.split("/"):
            raise _make_error(path, f"names the feature {key!r}, expected a name without '..'")


def _may_import(feature: str, trusted: Collection[str]) -> bool:
    is_trusted = feature.partition(".")[0] in trusted
    return is_trusted or bool(_DEFINED_BY_TFDS.fullmatch(feature))


def _as_count(value: Any) -> int:
    """Return a number of classes, or 0 for an invalid one, which TFDS refuses itself."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def _check_names(path: Path) -> None:
    """Refuse names by which the files of a set would be outside of its folder."""
    info = _load_json(path)
    splits = info.get("splits", ()) if isinstance(info, dict) else ()
    nodes = [info, *splits] if isinstance(splits, list) else [info]
    for node in nodes:
        for key in ("name", "filepathTemplate", "filepath_template", "fileFormat", "file_format"):
            value = node.get(key, "") if isinstance(node, dict) else ""
            if isinstance(value, str) and "/" in value:
                raise _make_error(path, f"has {key} {value!r}, expected one without '/'")


def _load_json(path: Path) -> Any:
    """Return the content of a JSON file; None where it is damaged, which TFDS reports itself."""
    try:
        return json.loads(read_text(path))
    except RecursionError:
        raise _make_error(path, "is nested too deep") from None
    except (OSError, ValueError):
        return None


def _walk_entries(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, at any depth, also of JSON inside a string."""
    remaining = [node]
    while remaining:
        node = remaining.pop()
        if isinstance(node, dict):
            yield from node.items()
            remaining += node.values()
        elif isinstance(node, list):
            remaining += node
        elif isinstance(node, str) and node.lstrip()[:1] in ("{", "["):
            try:
                remaining.append(json.loads(node))
            except (ValueError, RecursionError):
                continue
