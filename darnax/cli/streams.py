"""The screen of the command line may vanish, fill up or know few characters: no run ends because of it."""

import errno
import io
import logging
import os
import select
import sys
from typing import Any

from darnax.errors import Problem, RequestError

logger = logging.getLogger(__name__)


class Screen(io.RawIOBase):
    """Writes to a file descriptor until that fails; from then on it takes everything and writes nothing.

    Args:
        name: `stdout` or `stderr`.
        descriptor: of an open file.
        lost: why nothing can be written, or None.
    """

    def __init__(self, name: str, descriptor: int, lost: str | None = None) -> None:
        self.name, self.descriptor, self.lost = name, descriptor, lost
        self.incomplete = False  # although somebody wants to have all of it

    def writable(self) -> bool:
        """Say yes, whatever happens."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self.descriptor

    def isatty(self) -> bool:
        """Say whether it is a terminal."""
        return os.isatty(self.descriptor)

    def write(self, data: Any) -> int:
        """Write all of it, or none once writing has failed."""
        rest = bytes(data)
        try:
            while rest and self.lost is None:
                rest = rest[self._write_some(rest) :]
        except OSError as error:
            self.lost = error.strerror or type(error).__name__
            self.incomplete = error.errno != errno.EPIPE  # who reads a pipe may have seen enough
            self.report()
        return len(data)

    def report(self) -> None:
        """Log why nothing can be written, if that is so and there is a log."""
        if self.lost is not None and logger.hasHandlers():
            logger.warning(
                "%s cannot be written (%s); everything goes on without it", self.name, self.lost
            )

    def _write_some(self, data: bytes) -> int:
        try:
            return os.write(self.descriptor, data)
        except BlockingIOError:  # another process has made the descriptor non-blocking
            select.select([], [self.descriptor], [])
            return 0


def install() -> None:
    """Make stdout and stderr of this process streams that stop nothing; what they cannot encode becomes a question mark."""
    for descriptor in range(3):
        occupy(descriptor)
    sys.stdout = stream("stdout", 1)
    sys.stderr = stream("stderr", 2)


def installed() -> bool:
    """Say whether this process is the command `darnax`, and no other program that calls it."""
    return isinstance(getattr(sys.stdout, "buffer", None), Screen)


def occupy(descriptor: int) -> None:
    """Open the null device in the place of a standard stream that is closed.

    The next file to be opened would get its number, and what libraries write to it would land in that file.
    """
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free


def stream(name: str, descriptor: int) -> io.TextIOWrapper:
    """Return a text stream with the encoding of the present one, which Python has left out where it was closed."""
    present = getattr(sys, name)
    encoding = getattr(present, "encoding", None) or "utf-8"
    screen = Screen(name, descriptor, "it is closed" if present is None else None)
    # Nothing is held back: what a buffer held would be written, and could fail, at any time.
    return io.TextIOWrapper(screen, encoding, errors="replace", write_through=True)


def report_lost() -> None:
    """Log which standard streams cannot be written; for a log that was opened after they were lost."""
    for each in (sys.stdout, sys.stderr):
        if isinstance(screen := getattr(each, "buffer", None), Screen):
            screen.report()


def require_complete() -> None:
    """Raise RequestError where a part of what was to be printed could not be; for commands that do nothing else."""
    screen = getattr(sys.stdout, "buffer", None)
    if isinstance(screen, Screen) and screen.incomplete:
        what = f"cannot be written ({screen.lost}), and what was printed is not complete; write to another place"
        raise RequestError(Problem("stdout", what))
