"""Errors in a configuration name the user's files that they come from."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from darnax.bounded_yaml import load_plain
from darnax.composing import config_folders
from darnax.composing.own_files import own_folder, shown
from darnax.errors import Problem, RequestError
from darnax.files import read_text
from darnax.trees import list_names

KEY = re.compile(r"(?:^|; )([\w.-]+): ")
REPLACES = (
    "is used in place of the file of darnax with this name; if it belongs to another project, "
    "rename it, or start darnax in another directory"
)


class OwnFile(NamedTuple):
    """A file of the user's that a configuration uses.

    Args:
        path: relative to the working directory.
        section: the group of the file, or its name if it is in no group.
        keys: the dotted keys that it sets.
        replaces: whether darnax has a file with this name.
    """

    path: str
    section: str
    keys: frozenset[str]
    replaces: bool


@contextmanager
def naming_files(overrides: Sequence[str], file: Path | None) -> Iterator[None]:
    """Add to every problem that the block reports the user's file that it comes from.

    Args:
        overrides: of the configuration.
        file: a saved configuration; with one, the user's other files are not used.
    """
    try:
        yield
    except RequestError as error:
        used = [] if file is not None or own_folder() is None else list(own_files(overrides))
        problems = name_files(error.problems, used, overrides)
        if list(problems) == list(error.problems):
            raise
        raise RequestError(*problems) from error


def own_files(overrides: Sequence[str]) -> Iterator[OwnFile]:
    """Yield the user's files that a configuration uses, those that are merged last first."""
    own, packaged = own_folder(), config_folders.packaged_folder()
    if own is None:
        return
    names = [f"{group}/{name}" for group, name in choices(overrides).items() if name]
    for name in (*sorted(names, key=lambda name: not name.startswith("experiment/")), "config"):
        path = own / f"{name}.yaml"
        if path.is_file():
            group = name.split("/")[:-1]
            replaces = (packaged / f"{name}.yaml").is_file()
            yield OwnFile(shown(path), "/".join(group) or name, keys_of(path, group), replaces)


def choices(overrides: Sequence[str]) -> dict[str, Any]:
    """Return group -> name of the file that is chosen, as far as files can be composed."""
    from hydra.types import RunMode

    from darnax.composing.composer import Composer, normalise_overrides

    composer = Composer()
    words = normalise_overrides(list(overrides))
    chosen = [word for word in words if not composer.sets_a_value(word)]
    for attempt in (words, chosen, []):
        try:
            config = composer.compose_once(attempt, RunMode.MULTIRUN)
        except Exception:  # anything that Hydra raises
            continue
        return dict(config.hydra.runtime.choices)
    return {}


def keys_of(path: Path, group: Sequence[str]) -> frozenset[str]:
    """Return the dotted keys that a file sets; none if it cannot be read."""
    try:
        text = read_text(path)
        tree = load_plain(text)
    except (OSError, ValueError, RecursionError):
        return frozenset()
    prefix = ".".join(config_folders.find_package(text, group))
    names = list_names(tree, lists=False) if isinstance(tree, dict) else []
    return frozenset(f"{prefix}.{name}" if prefix else name for name in names)


def name_files(
    problems: Sequence[Problem], used: Sequence[OwnFile], overrides: Iterable[str]
) -> list[Problem]:
    """Return problems with the files that set their keys, after those of replaced files."""
    typed = {word.lstrip("+~").partition("=")[0] for word in overrides}
    text = "\n".join(map(str, problems))
    found = []
    for file in used:
        is_concerned = file.section == "config" or f"{file.section}." in text
        if file.replaces and is_concerned:
            found.append(Problem(file.path, REPLACES))
    for problem in problems:
        # A point of a sweep has the problems of its configuration in one line.
        keys = {problem.where, *KEY.findall(problem.what)} - typed
        setting = [file.path for file in used if keys & file.keys]
        origin = f" (set in {', '.join(setting)})" if setting else ""
        found.append(Problem(problem.where, f"{problem.what}{origin}"))
    return found
