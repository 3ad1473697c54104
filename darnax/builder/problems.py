"""Collect everything that is wrong with a configuration, so that it is reported at once."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from darnax.errors import Problem, RequestError
from darnax.near import near


class Problems:
    """The problems found so far, in the order of finding."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, where: str, what: str) -> None:
        """Note one problem at a path of the YAML."""
        self.found.append(Problem(where, what))

    def leave_out(self, text: str) -> None:
        """Leave out the problems that say this: they follow from another one."""
        self.found = [problem for problem in self.found if text not in problem.what]

    @contextmanager
    def at(self, where: str) -> Iterator[None]:
        """Turn a ValueError of the block into a problem at this path."""
        try:
            yield
        except ValueError as error:
            self.add(where, str(error))

    def raise_if_any(self) -> None:
        """Raise RequestError with all problems, if there are any."""
        if self.found:
            # Without repetitions: modules made of one entry have the same problem.
            raise RequestError(*dict.fromkeys(self.found))


def nearest(word: object, names: Iterable[str]) -> str:
    """Return the end of a message: the most similar name, or all names if they are few.

    Example:
        >>> nearest("hiden", ["hidden", "output"])
        '; did you mean hidden?'
    """
    names = [name for name in dict.fromkeys(names) if not name.startswith("_")]
    similar = near(str(word), names)
    if similar:
        return f"; did you mean {similar[0]}?"
    if not 1 <= len(names) <= 12:
        return ""
    verb = "are" if len(names) > 1 else "is"
    return f"; there {verb}: {', '.join(names)}"


def format_value(value: object) -> str:
    """Return a value as in YAML, on one line.

    Example:
        >>> format_value(None), format_value([6, "a"])
        ('null', '[6, "a"]')
    """
    return json.dumps(value, default=repr, ensure_ascii=False)
