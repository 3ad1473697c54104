"""Collects everything that is wrong with a configuration, so that it is said at once."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from darnax.errors import Problem, RequestError
from darnax.near import near


class Problems:
    """What was found so far, in the order of finding."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, where: str, what: str) -> None:
        """Note one problem at a path of the YAML."""
        self.found.append(Problem(where, what))

    @contextmanager
    def at(self, where: str) -> Iterator[None]:
        """Turn a ValueError of the block into a problem at this path."""
        try:
            yield
        except ValueError as error:
            self.add(where, str(error))

    def settle(self) -> None:
        """Raise RequestError with all problems, if there are any."""
        if self.found:
            raise RequestError(*dict.fromkeys(self.found))


def nearest(word: object, names: Iterable[str]) -> str:
    """Return the end of a sentence: the name that was probably meant, or all of them if they are few.

    Example:
        >>> nearest("hiden", ["hidden", "output"])
        '; did you mean hidden?'
    """
    names = [name for name in dict.fromkeys(names) if not name.startswith("_")]
    if close := near(str(word), names):
        return f"; did you mean {close[0]}?"
    if not names:
        return ""
    return (
        f"; there {'are' if len(names) > 1 else 'is'}: {', '.join(names)}"
        if len(names) <= 12
        else ""
    )


def format_value(value: object) -> str:
    """Return a value as YAML would have it, on one line.

    Example:
        >>> said(None), said([6, "a"])
        ('null', '[6, "a"]')
    """
    return json.dumps(value, default=repr, ensure_ascii=False)
