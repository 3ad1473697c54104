"""Checks of the arguments of the Python functions, before anything is done with them."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from darnax.errors import Problem, RequestError
from darnax.files import expand_user

SHOWN = 40  # characters of a value


def format_argument(value: Any) -> str:
    """Return a value for a message: numbers and texts as they are, of anything else the type.

    Example:
        >>> format_argument(-1), format_argument("a"), format_argument(object())
        ('-1', 'a', 'object')
    """
    if value is None or isinstance(value, str | bytes | bool | int | float):
        text = value if isinstance(value, str) and value else repr(value)
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return type(value).__name__


def require_overrides(overrides: Iterable[Any]) -> list[str]:
    """Return overrides as a list.

    Raises:
        RequestError: one of them is no string.
    """
    words = list(overrides)
    for position, word in enumerate(words, 1):
        if not isinstance(word, str):
            what = 'expected overrides as separate strings, such as "seed=1"'
            raise RequestError(f"argument {position}: got {format_argument(word)}, {what}")
        if not is_text(word):
            what = "expected text without null bytes and lone surrogates"
            raise RequestError(f"argument {position}: got {format_argument(word)}, {what}")
    return words


def is_text(word: str) -> bool:
    """Return whether a string can be written to a file and be the name of one."""
    try:
        return b"\0" not in word.encode()
    except UnicodeEncodeError:
        return False


def require_path(value: Any, name: str, expected: str = "a path") -> Path:
    """Return a path, with `~` replaced by the user's home.

    Raises:
        RequestError: it is neither a string nor a path.
    """
    if isinstance(value, str | os.PathLike):
        text = os.fspath(value)
        if isinstance(text, str) and is_file_name(text):
            return expand_user(text)
    raise RequestError(f"{name}: got {format_argument(value)}, expected {expected}")


def is_file_name(text: str) -> bool:
    """Return whether the system accepts a text as a path; it may stand for any bytes but zero."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def require_names(values: Any, name: str) -> list[str]:
    """Return names as a list; one string is one name.

    Raises:
        RequestError: they are no collection of strings.

    Example:
        >>> require_names("mylab", "trust"), require_names(("a", "b"), "trust")
        (['mylab'], ['a', 'b'])
    """
    given = [values] if isinstance(values, str) else values
    if isinstance(given, Iterable) and not isinstance(given, bytes):
        names = list(given)
        if all(isinstance(each, str) for each in names):
            return names
    raise RequestError(f"{name}: got {format_argument(values)}, expected a list of names")


@contextmanager
def argument_names() -> Iterator[None]:
    """Name options of the command line, such as `--group-by`, as the arguments of Python.

    Raises:
        RequestError: that of the block, about `group_by` instead of `--group-by`.
    """
    try:
        yield
    except RequestError as error:
        problems = []
        for where, what in error.problems:
            if where.startswith("--"):
                option, _, rest = where.removeprefix("--").partition(" ")
                where = f"{option.replace('-', '_')} {rest}".strip()
            problems.append(Problem(where, what))
        raise RequestError(*problems) from error


def require_flag(value: Any, name: str) -> bool | None:
    """Return a value that is true, false or None.

    Raises:
        RequestError: it is something else.
    """
    if value is None or isinstance(value, bool):
        return value
    raise RequestError(f"{name}: got {format_argument(value)}, expected True, False or None")
