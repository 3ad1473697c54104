"""Images in class folders: which file belongs to which split and class; nothing is decoded."""

import hashlib
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from darnax.errors import Problem, RequestError
from darnax.printing import count_of

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".dib", ".webp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".gif", ".avif"),
)
ROLES = {
    "train": "train",
    "test": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
}
"""Name of a folder -> the split that it contains."""

WHERE = "data.path"
MOST_FILES = 10_000_000
_MOST_LEVELS = 16
_SHOWN = 10  # files that a message names
_LAYOUT = "expected PATH/CLASS/*.png, or PATH/train/CLASS/*.png and PATH/test/CLASS/*.png"


class Member(NamedTuple):
    """A file in a folder or an archive: its relative path, and what changes when it does."""

    name: str
    size: int
    changed: int = 0


@dataclass(frozen=True)
class Contents:
    """Everything in a folder or an archive: files, and the relative paths of its folders."""

    files: Sequence[Member]
    folders: Sequence[str]

    def signature(self) -> str:
        """Return a digest of all names, sizes and times of change."""
        lines = [f"{name}\0{size}\0{changed}" for name, size, changed in self.files]
        text = "\n".join(sorted(lines)).encode("utf-8", "surrogateescape")
        return hashlib.sha256(text).hexdigest()


class Listing(NamedTuple):
    """Split -> the paths and the class names of its images, in the order of the paths."""

    paths: dict[str, list[str]]
    labels: dict[str, list[str]]


def name_some(names: Sequence[str], shown: int = _SHOWN) -> str:
    """Name a few and count the others.

    Example:
        >>> name_some(["a", "b", "c"], shown=2)
        'a, b and 1 more'
    """
    others = len(names) - shown
    named = ", ".join(names[:shown])
    return f"{named} and {others} more" if others > 0 else named


def refuse(what: str) -> RequestError:
    """Return the error that the data at `data.path` are not usable."""
    return RequestError(Problem(WHERE, what))


def walk_folder(root: Path) -> Contents:
    """Return everything in a folder, except what is hidden.

    Raises:
        RequestError: it contains a symbolic link, which may lead out of it or have images counted
            twice, or something that is neither file nor folder, or it cannot be read.
    """
    files: list[Member] = []
    folders: list[str] = []
    links: list[str] = []
    remaining = [(str(root), "", 0)]
    while remaining:
        path, name, level = remaining.pop()
        if level > _MOST_LEVELS:
            raise refuse(f"{path} is nested deeper than {_MOST_LEVELS} folders")
        for entry in _scan(path):
            if entry.name.startswith("."):
                continue
            below = f"{name}/{entry.name}" if name else entry.name
            if entry.is_symlink():
                links.append(entry.path)
                continue
            info = _stat(entry)
            if stat.S_ISDIR(info.st_mode):
                folders.append(below)
                remaining.append((entry.path, below, level + 1))
            elif stat.S_ISREG(info.st_mode):
                files.append(Member(below, info.st_size, info.st_mtime_ns))
            else:
                raise refuse(f"{entry.path} is neither a file nor a folder; remove it")
        if len(files) > MOST_FILES:
            raise refuse(f"{root} has more than {MOST_FILES} files, expected fewer")
    if links:
        what = f"{root} contains symbolic links: {name_some(sorted(links))}"
        raise refuse(f"{what}; put the files in their place")
    return Contents(files, folders)


def _scan(path: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return list(entries)
    except OSError as error:
        raise refuse(f"{path} cannot be read ({error.strerror})") from error


def _stat(entry: os.DirEntry[str]) -> os.stat_result:
    try:
        return entry.stat()
    except OSError as error:
        raise refuse(f"{entry.path} cannot be read ({error.strerror})") from error


def group_by_class(contents: Contents, name: str) -> Listing:
    """Return the images of every split and class.

    Folders `train`, `test` and `validation` (or `val`) contain class folders; without them, all
    class folders are train. One folder around everything does not count, nor do files that are no
    images, nor hidden ones.

    Raises:
        RequestError: the folders have another layout, or a class has no image.
    """
    files = [member.name for member in contents.files if _is_shown(member.name)]
    folders = [folder for folder in contents.folders if _is_shown(folder)]
    images = sorted(file for file in files if file.lower().endswith(SUFFIXES))
    if not images:
        there = count_of(len(files), "other file")
        raise refuse(f"{name} has no images ({there}); {_LAYOUT}")
    folders = sorted({*folders, *_parents(images)})
    prefix = _find_wrapper(images, folders)
    tops = {_below(folder, prefix).split("/")[0] for folder in folders if _below(folder, prefix)}
    splits = {top: ROLES[top.lower()] for top in tops if top.lower() in ROLES}
    if splits:
        _require_splits(name, tops, splits)
    paths: dict[str, list[str]] = {}
    labels: dict[str, list[str]] = {}
    for path in images:
        parts = _below(path, prefix).split("/")
        role = splits[parts.pop(0)] if splits and len(parts) > 1 else "train"
        if len(parts) < 2:
            raise refuse(f"{path} of {name} is in no class folder; {_LAYOUT}")
        paths.setdefault(role, []).append(path)
        labels.setdefault(role, []).append(parts[0])
    _require_filled(name, folders, prefix, splits, labels)
    return Listing(paths, labels)


def _is_shown(name: str) -> bool:
    return not any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _parents(paths: Iterable[str]) -> set[str]:
    """Return the paths of all folders above some files; an archive need not list them."""
    found = set()
    for direct in {path.rpartition("/")[0] for path in paths}:
        if direct:
            found |= {direct, *(str(parent) for parent in PurePosixPath(direct).parents)}
    return found - {"."}


def _find_wrapper(images: Sequence[str], folders: Sequence[str]) -> str:
    """Return the path of the one folder that contains all others, or an empty string."""
    prefix = ""
    while True:
        inner = {_below(path, prefix).split("/")[0] for path in (*images, *folders)} - {""}
        if len(inner) != 1:
            return prefix
        only = inner.pop()
        wrapped = f"{prefix}{only}/"
        has_folders = any(folder.startswith(wrapped) for folder in folders)
        if only.lower() in ROLES or not has_folders:
            return prefix
        prefix = wrapped


def _below(path: str, prefix: str) -> str:
    """Return a path relative to a prefix that ends in `/`; "" for what is not below it."""
    return path[len(prefix) :] if path.startswith(prefix) else ""


def _require_splits(name: str, tops: set[str], splits: dict[str, str]) -> None:
    others = sorted(tops - splits.keys())
    if others:
        beside = ", ".join(sorted(splits))
        what = f"{name} has the folders {name_some(others)} beside {beside}"
        raise refuse(f"{what}; move them away, or into train")
    if "train" not in splits.values():
        raise refuse(f"{name} has the folders {', '.join(sorted(splits))}, expected train as well")
    roles = list(splits.values())
    if len(set(roles)) < len(roles):
        what = f"{name} has the folders {', '.join(sorted(splits))}, of which two are one split"
        raise refuse(f"{what}; keep one of them")


def _require_filled(
    name: str,
    folders: Sequence[str],
    prefix: str,
    splits: dict[str, str],
    labels: dict[str, list[str]],
) -> None:
    """Raise RequestError if a class folder has no images."""
    filled = set()
    for role, found in labels.items():
        filled |= {(role, label) for label in found}
    empty = []
    for folder in folders:
        parts = _below(folder, prefix).split("/")
        role = splits[parts.pop(0)] if splits and parts[0] else "train"
        if len(parts) == 1 and parts[0] and (role, parts[0]) not in filled:
            empty.append(folder)
    if empty:
        what = f"class folders of {name} have no images: {name_some(empty)}"
        raise refuse(f"{what}; fill them, or remove them")
