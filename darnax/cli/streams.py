"""Standard streams that may be closed, fill up, or lack characters: no run ends because of it."""

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
    """Writes to a file descriptor until that fails; afterwards it discards what it is given.

    Args:
        name: `stdout` or `stderr`.
        descriptor: of an open file.
        lost: why nothing can be written, or None.
    """

    def __init__(self, name: str, descriptor: int, lost: str | None = None) -> None:
        self.name, self.descriptor, self.lost = name, descriptor, lost
        self.incomplete = False  # whether output was lost that its reader still expected

    def writable(self) -> bool:
        """Return True, even after writing has failed."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self.descriptor

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return os.isatty(self.descriptor)

    def write(self, data: Any) -> int:
        """Write all of it, or none once writing has failed."""
        rest = bytes(data)
        try:
            while rest and self.lost is None:
                rest = rest[self._write_some(rest) :]
        except OSError as error:
            self.lost = error.strerror or type(error).__name__
            # The reader of a pipe closes it when it has seen enough; then nothing is missing.
            self.incomplete = error.errno != errno.EPIPE
            self.report()
        return len(data)

    def report(self) -> None:
        """Log why nothing can be written, if that is the case and there is a log."""
        if self.lost is not None and logger.hasHandlers():
            what = "everything continues without it"
            logger.warning("%s cannot be written (%s); %s", self.name, self.lost, what)

    def _write_some(self, data: bytes) -> int:
        try:
            return os.write(self.descriptor, data)
        except BlockingIOError:  # another process has made the descriptor non-blocking
            select.select([], [self.descriptor], [])
            return 0


def install() -> None:
    """Make stdout and stderr streams that raise nothing and replace what they cannot encode."""
    for descriptor in range(3):
        occupy(descriptor)
    sys.stdout = stream("stdout", 1)
    sys.stderr = stream("stderr", 2)


def are_installed() -> bool:
    """Return whether this process is the command `darnax`, not a program that calls it."""
    return isinstance(getattr(sys.stdout, "buffer", None), Screen)


def occupy(descriptor: int) -> None:
    """Open the null device in place of a standard stream that is closed.

    Otherwise the next opened file would get its number, and what libraries write to that stream
    would end up in that file.
    """
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free


def stream(name: str, descriptor: int) -> io.TextIOWrapper:
    """Return a text stream with the encoding of the current one, which is None if closed."""
    present = getattr(sys, name)
    encoding = getattr(present, "encoding", None) or "utf-8"
    screen = Screen(name, descriptor, "it is closed" if present is None else None)
    # Unbuffered: a buffer could be written, and fail, at any later time.
    return io.TextIOWrapper(screen, encoding, errors="replace", write_through=True)


def report_lost() -> None:
    """Log which streams cannot be written; for a log that was opened after they were lost."""
    for each in (sys.stdout, sys.stderr):
        screen = getattr(each, "buffer", None)
        if isinstance(screen, Screen):
            screen.report()


def require_complete() -> None:
    """Raise RequestError if output was lost; for commands that do nothing but print."""
    screen = getattr(sys.stdout, "buffer", None)
    if isinstance(screen, Screen) and screen.incomplete:
        what = f"cannot be written ({screen.lost}), and what was printed is not complete; "
        raise RequestError(Problem("stdout", f"{what}write to another file"))
