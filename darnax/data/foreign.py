"""What TensorFlow Datasets may be given to read: regular files of a plausible size, and features that it defines itself.

It opens whatever lies in the folder of a prepared set, and imports the module of every feature that features.json names. So
the folder is looked over first; a set that comes from anywhere runs nothing, and hangs nothing.
"""

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from darnax.errors import Problem, RequestError
from darnax.files import SMALL, read_bytes, read_text

_LEVELS = 3  # <name>/<config>/<version>
_DEFINED_BY_TFDS = re.compile(r"tensorflow_datasets\.core\.features(\.\w+)+")
_CLASS_KEYS = (
    "pythonClassName",
    "python_class_name",
    "type",
)  # as it is written today, as a protobuf may be, and as it was
_COUNT_KEYS = ("numClasses", "num_classes")
_MOST_CLASSES = 1_000_000  # TFDS makes a list of their names
_DESCRIBES = (".json", ".txt")
_RECORDS = re.compile(r".*-\d+-of-\d+")
_REMOVE = "remove it, or prepare the set in another folder (paths.data=DIR)"


def check_folder(folder: Path) -> None:
    """Raise RequestError where a folder with all versions of a set holds what must not be read; no folder is none."""
    for path in _files(folder, _LEVELS):
        if path.suffix in _DESCRIBES and path.stat().st_size > SMALL:
            raise RequestError(
                Problem(
                    str(path),
                    f"has more than {SMALL} bytes, which no description of a set has; {_REMOVE}",
                )
            )
        if path.name == "features.json":
            _check_features(path)
        if path.name == "dataset_info.json":
            _check_names(path)


def _files(folder: Path, levels: int) -> Iterator[Path]:
    """Yield the files of a set; folders that darnax keeps beside them, and hidden ones, are passed over."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise RequestError(
            Problem(str(folder), f"cannot be read ({error.strerror}); {_REMOVE}")
        ) from error
    for entry in entries:
        if entry.name == "decoded" or entry.name.startswith("."):
            continue
        path = Path(entry.path)
        kind = _kind(path)
        if stat.S_ISDIR(kind) and not _is_a_files_name(entry.name):
            if levels:
                yield from _files(path, levels - 1)
        elif stat.S_ISREG(kind):
            yield path
        else:
            raise RequestError(Problem(str(path), f"is not a regular file; {_REMOVE}"))


def _kind(path: Path) -> int:
    try:
        return path.stat().st_mode  # of what a link leads to
    except OSError as error:
        raise RequestError(
            Problem(str(path), f"cannot be read ({error.strerror}); {_REMOVE}")
        ) from error


def _is_a_files_name(name: str) -> bool:
    return name.endswith(_DESCRIBES) or bool(_RECORDS.fullmatch(name))


def _check_features(path: Path) -> None:
    # TFDS writes ASCII, and reads it in the encoding of the locale.
    if not read_bytes(path).isascii():
        raise RequestError(
            Problem(str(path), f"has characters beyond ASCII, which TFDS never writes; {_REMOVE}")
        )
    for key, value in _entries(_loaded(path)):
        if key in _CLASS_KEYS and isinstance(value, str) and not _DEFINED_BY_TFDS.fullmatch(value):
            what = f"names the feature {value!r}, expected one of tensorflow_datasets.core.features: its module is not imported"
            raise RequestError(Problem(str(path), f"{what}; {_REMOVE}"))
        if key in _COUNT_KEYS and _count(value) > _MOST_CLASSES:
            what = f"has {value!r:.40} classes, expected at most {_MOST_CLASSES}; {_REMOVE}"
            raise RequestError(Problem(str(path), what))
        if ".." in key.split("/"):
            raise RequestError(
                Problem(
                    str(path), f"names the feature {key!r}, expected a name without '..'; {_REMOVE}"
                )
            )


def _count(value: Any) -> int:
    """Return a number of classes; where it is none, TFDS says so."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def _check_names(path: Path) -> None:
    """Refuse names by which the files of a set would lie outside of its folder."""
    info = _loaded(path)
    splits = info.get("splits", ()) if isinstance(info, dict) else ()
    named = [info, *splits] if isinstance(splits, list) else [info]
    for node in named:
        for key in ("name", "filepathTemplate", "filepath_template", "fileFormat", "file_format"):
            value = node.get(key, "") if isinstance(node, dict) else ""
            if isinstance(value, str) and "/" in value:
                raise RequestError(
                    Problem(str(path), f"has {key} {value!r}, expected one without '/'; {_REMOVE}")
                )


def _loaded(path: Path) -> Any:
    """Return what a JSON file says; nothing where it is damaged, which TFDS finds as well."""
    try:
        return json.loads(read_text(path))
    except RecursionError:
        raise RequestError(Problem(str(path), f"is nested too deep; {_REMOVE}")) from None
    except (OSError, ValueError):
        return None


def _entries(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, at any depth, also of JSON that stands in a string."""
    left = [node]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            yield from node.items()
            left += node.values()
        elif isinstance(node, list):
            left += node
        elif isinstance(node, str) and node.lstrip()[:1] in ("{", "["):
            try:
                left.append(json.loads(node))
            except (ValueError, RecursionError):
                continue
