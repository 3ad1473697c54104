"""The user's files in ./configs: what they lack to act as they are meant."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from darnax.composing import config_folders
from darnax.errors import Problem, RequestError

GLOBAL = "# @package _global_"
# Groups whose files set keys of any section, and so need the line above.
GROUPS = ("experiment", "debug", "sweep")
CHOICE = re.compile(rf"\+*({'|'.join(GROUPS)})=([\w./,-]+)")
BYTE_ORDER_MARK = "\ufeff"


def require_directives(overrides: Iterable[str]) -> None:
    """Raise RequestError if a chosen file would be put under the name of its group.

    Hydra puts the content of `experiment/mine.yaml` under `experiment` unless the file says
    otherwise, which it cannot if its first line begins with a byte order mark.
    """
    problems = []
    for file in chosen_files(overrides):
        text = file.read_text(encoding="utf-8", errors="replace")
        if text.startswith(BYTE_ORDER_MARK):
            what = "begins with a byte order mark, which hides its first line; save it without one"
            problems.append(Problem(shown(file), what))
        elif "@package" not in text:
            problems.append(Problem(shown(file), f"add this as its first line: {GLOBAL}"))
    if problems:
        raise RequestError(*problems)


def chosen_files(overrides: Iterable[str]) -> Iterator[Path]:
    """Yield the user's files of these groups that overrides choose."""
    own = own_folder()
    for word in overrides:
        choice = CHOICE.fullmatch(word)
        if own is None or choice is None:
            continue
        for name in choice[2].split(","):
            file = own / choice[1] / f"{name.removesuffix('.yaml')}.yaml"
            if file.is_file():
                yield file


def own_folder() -> Path | None:
    """Return the user's ./configs, if it is used."""
    first, *others = config_folders.config_folders()
    return first if others else None


def shown(file: Path) -> str:
    """Return the path of one of the user's files, relative to the working directory."""
    return str(file.relative_to(Path.cwd()))


def shown_by_name(name: str) -> str:
    """Return the path of the file that Hydra calls `experiment/mine`; the user's comes first."""
    own = own_folder()
    file = None if own is None else own / f"{name}.yaml"
    return f"{name}.yaml" if file is None or not file.is_file() else shown(file)


def find_choosing(override: str, name: str) -> str:
    """Return where a missing file is chosen: a file of the user's that an override names, or it."""
    if override.endswith(f"={name}"):
        return override
    for file in chosen_files([override]):
        if name in file.read_text(encoding="utf-8", errors="replace"):
            return shown(file)
    return override
