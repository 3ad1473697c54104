"""The exceptions that all packages raise, and the text of exceptions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import NamedTuple, TypeVar

from darnax.printing import count_of, printable, printable_lines

LONGEST = 4000  # characters of one problem as text; a key of a foreign file may be of any length
MOST = 100  # problems as text

T = TypeVar("T")


class Problem(NamedTuple):
    """One thing that is wrong: where it is; what was got, what was expected, what to do."""

    where: str
    what: str

    def __str__(self) -> str:
        return message_text(f"{printable(self.where)}: {self.what}" if self.where else self.what)


def message_text(text: str) -> str:
    r"""Return the message of an exception, which Python prints on the terminal as it is.

    Files of unknown origin name keys, folders and modules: what would control a terminal is
    escaped, and a text without end is cut.

    Example:
        >>> message_text("model.a" + chr(27) + "[2J: there is no such key")
        'model.a\\x1b[2J: there is no such key'
    """
    if len(text) > LONGEST:
        half = LONGEST // 2
        text = f"{text[:half]} […] {text[-half:]}"
    return printable_lines(text)


class RequestError(Exception):
    """The caller's request is invalid; the command line shows every problem and exits with 2.

    Example:
        >>> str(RequestError(Problem("data.batch_size", "got 0, expected a positive integer")))
        'data.batch_size: got 0, expected a positive integer'
    """

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem("", p) for p in problems)
        shown = [str(problem) for problem in self.problems[:MOST]]
        if len(self.problems) > MOST:
            shown.append(f"and {count_of(len(self.problems) - MOST, 'more problem')}")
        super().__init__("\n".join(shown))


def call_once(known: "dict[str, T | RequestError]", key: str, function: Callable[[], T]) -> T:
    """Return the result of `function()`, which is called once for each key.

    Raises:
        RequestError: that of the first call, each time.

    Example:
        >>> known: dict[str, int | RequestError] = {}
        >>> call_once(known, "a", lambda: 1), call_once(known, "a", lambda: 2)
        (1, 1)
    """
    if key not in known:
        try:
            known[key] = function()
        except RequestError as error:
            known[key] = error
    found = known[key]
    if isinstance(found, RequestError):
        raise found
    return found


@contextmanager
def writing_file(path: Path, instead: str = "choose another place") -> Iterator[None]:
    """Turn an OSError in the block into a RequestError that names the file and a remedy."""
    try:
        yield
    except OSError as error:
        what = f"cannot be written ({error.strerror}); {instead}"
        raise RequestError(Problem(str(path), what)) from error


class RunError(Exception):
    """A run cannot continue, for a reason given in the message; the command line exits with 1.

    Example:
        >>> issubclass(RunError, RequestError)  # the request itself was valid
        False
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message_text(message))


def explain(error: BaseException | str) -> str:
    """Return a message; that of an assignment to a field of a module with what to do.

    Example:
        >>> explain(FrozenInstanceError("cannot assign to field 'rate'"))
        "cannot assign to field 'rate'; declare it in the body of the class, as in `rate: Array`, \
and assign it in `__init__` alone"
    """
    if not isinstance(error, FrozenInstanceError):
        return str(error)
    name = str(error).rpartition("field ")[2].strip("'")
    declaration = f"declare it in the body of the class, as in `{name}: Array`"
    return f"{error}; {declaration}, and assign it in `__init__` alone"


def one_line(error: BaseException) -> str:
    r"""Return an exception as one line, for a table.

    Example:
        >>> one_line(ValueError("two\nlines"))
        'ValueError: two lines'
    """
    if isinstance(error, RequestError):
        return "; ".join(" ".join(str(problem).split()) for problem in error.problems)
    return " ".join(f"{type(error).__name__}: {explain(error)}".rstrip(": ").split())


def first_line(error: BaseException | str) -> str:
    r"""Return the first line of a message that is not blank, or the type of an exception without.

    Example:
        >>> first_line("\n two lines\nhere"), first_line(ValueError())
        ('two lines', 'ValueError')
    """
    for line in explain(error).splitlines():
        if line.strip():
            return line.strip()
    return "" if isinstance(error, str) else type(error).__name__


def explain_unreadable(path: Path, error: OSError) -> str:
    """Return why a path of the user cannot be read; for a relative one, where it was looked for.

    Example:
        >>> explain_unreadable(Path("/data/photos"), FileNotFoundError(2, "No such file"))
        '/data/photos does not exist'
    """
    if not isinstance(error, FileNotFoundError):
        return f"{path} cannot be read ({error.strerror or first_line(error)})"
    return f"{path} does not exist" + ("" if path.is_absolute() else f" in {Path.cwd()}")
