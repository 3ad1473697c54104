"""File locks of one process at a time; the system releases them when the process dies."""

import fcntl
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from darnax.files import open_own, open_regular, read_text, write_inside

POLL_INTERVAL = 0.02  # seconds between two attempts


@contextmanager
def file_lock(path: Path, patience: float = 0.0) -> Iterator[bool]:
    """Lock `path` for the duration of the block; give whether that succeeded in `patience` seconds.

    The file is created if it is missing, and never deleted: a lock that is removed while another
    process waits for it locks nothing.

    Raises:
        OSError: the file cannot be created, or is a link, or not a regular file.

    Example:
        >>> import tempfile
        >>> with file_lock(Path(tempfile.mkdtemp()) / "lock") as locked:
        ...     locked
        True
    """
    # Opened for reading too: network file systems refuse a shared lock on a write-only file.
    file = open_own(path, os.O_RDWR)
    try:
        end = time.monotonic() + patience
        how = fcntl.LOCK_EX if math.isinf(patience) else fcntl.LOCK_EX | fcntl.LOCK_NB
        locked = _try_lock(file, how)
        while not locked and (_is_only_tested(file) or time.monotonic() < end):
            time.sleep(POLL_INTERVAL)
            locked = _try_lock(file, how)
        yield locked
    finally:
        os.close(file)


def is_locked(path: Path) -> bool:
    """Return whether a process has locked a file; False if that cannot be tested.

    The test itself takes a shared lock for an instant: who wants to lock the file needs some
    patience. It is impossible without the file, and on a file system without locks.
    """
    return bool(is_locked_here(path))


def is_locked_here(path: Path) -> bool | None:
    """Return whether a process has locked a file; None if it cannot be tested. Creates nothing."""
    try:
        with open_regular(path) as file:
            return not _try_lock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return None


def sign(path: Path) -> None:
    """Write the machine's name into a locked file: on another machine it may be untestable."""
    with suppress(OSError):  # e.g. the disk is full: then the name is missing
        write_inside(path.parent, path.name, f"{os.uname().nodename}\n")


def is_signed_elsewhere(path: Path) -> bool:
    """Return whether another machine was the last to lock the file."""
    try:
        return read_text(path).strip() not in ("", os.uname().nodename)
    except (OSError, ValueError):
        return False


def _is_only_tested(file: int) -> bool:
    """Return whether the file is locked by tests alone, which on a busy machine may take long."""
    is_shared = _try_lock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    fcntl.flock(file, fcntl.LOCK_UN)
    return is_shared


def _try_lock(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True
