"""A file that one process at a time holds; the system lets go of it when the process dies, however it dies."""

import fcntl
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from darnax.files import open_own, open_regular, read_text, write_inside

LOOK = 0.02  # seconds between two tries


@contextmanager
def file_lock(path: Path, patience: float = 0.0) -> Iterator[bool]:
    """Hold the lock of `path` while the block runs, and say whether it was to be had within `patience` seconds.

    The file is made where it is not there, and never deleted: a lock that is removed while another process waits for it locks
    nothing. Raises OSError where it cannot be made, or is a link, or not a regular file.

    Example:
        >>> import tempfile
        >>> with held(Path(tempfile.mkdtemp()) / "lock") as mine:
        ...     mine
        True
    """
    # For reading as well: over a network, a shared lock is refused on a file that is open for writing alone.
    file = open_own(path, os.O_RDWR)
    try:
        end = time.monotonic() + patience
        how = fcntl.LOCK_EX if math.isinf(patience) else fcntl.LOCK_EX | fcntl.LOCK_NB
        while not (mine := _locked(file, how)) and (_merely_seen(file) or time.monotonic() < end):
            time.sleep(LOOK)
        yield mine
    finally:
        os.close(file)


def is_locked(path: Path) -> bool:
    """Return whether a process holds the lock; looking takes it for an instant, which is why who wants it has some patience.

    What cannot be asked (no such file, another kind of file, a file system without locks) is held by nobody.
    """
    return bool(is_locked_here(path))


def is_locked_here(path: Path) -> bool | None:
    """Return whether a process holds the lock, as `is_held`; None where that cannot be asked. Nothing is made or written."""
    try:
        with open_regular(path) as file:
            return not _locked(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return None


def sign(path: Path) -> None:
    """Write down, in a lock that is held, on which machine: elsewhere it may not be possible to ask."""
    with suppress(OSError):  # the disk is full, say: then it is not known
        write_inside(path.parent, path.name, f"{os.uname().nodename}\n")


def is_signed_elsewhere(path: Path) -> bool:
    """Return whether another machine was the last to hold the lock."""
    try:
        return read_text(path).strip() not in ("", os.uname().nodename)
    except (OSError, ValueError):
        return False


def _merely_seen(file: int) -> bool:
    """Return whether nobody has the lock but who looks at it, which on a busy machine may take any time."""
    seen = _locked(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    fcntl.flock(file, fcntl.LOCK_UN)
    return seen


def _locked(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True
