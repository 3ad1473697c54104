"""What every room raises when a request cannot be carried out as it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong: where it stands, and what was given, what was expected, what to do."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class RequestError(Exception):
    """The request was wrong and is the caller's to mend; the command line shows every problem and exits with 2.

    Example:
        >>> str(RequestError(Problem("data.batch_size", "got 0, expected a positive integer")))
        'data.batch_size: got 0, expected a positive integer'
    """

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem("", p) for p in problems)
        super().__init__("\n".join(map(str, self.problems)))


@contextmanager
def writing_file(path: Path, instead: str = "choose another place") -> Iterator[None]:
    """Say in a sentence that the file which the block writes cannot be written, and what to do instead."""
    try:
        yield
    except OSError as error:
        raise RequestError(
            Problem(str(path), f"cannot be written ({error.strerror}); {instead}")
        ) from error


class RunError(Exception):
    """A run cannot go on, for a reason that a sentence can tell; the command line shows it, and exits with 1."""


def one_line(error: BaseException) -> str:
    r"""Return what went wrong in one line of a table.

    Example:
        >>> one_line(ValueError("two\nlines"))
        'ValueError: two lines'
    """
    if isinstance(error, RequestError):
        return "; ".join(" ".join(str(problem).split()) for problem in error.problems)
    return " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())


def first_line(error: BaseException | str) -> str:
    r"""Return the first line of a message that says something, or the type of an exception without one.

    Example:
        >>> first_line("\n two lines\nhere"), first_line(ValueError())
        ('two lines', 'ValueError')
    """
    lines = (line.strip() for line in str(error).splitlines())
    return next(
        (line for line in lines if line), "" if isinstance(error, str) else type(error).__name__
    )
