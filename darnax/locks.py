"""A file that one process at a time holds; the system lets go of it when the process dies, however it dies."""

import errno
import fcntl
import math
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

LOOK = 0.02  # seconds between two tries


@contextmanager
def held(path: Path, patience: float = 0.0) -> Iterator[bool]:
    """Hold the lock of `path` while the block runs, and say whether it was to be had within `patience` seconds.

    The file is made where it is not there, and never deleted: a lock that is removed while another process waits for it locks
    nothing. Raises OSError where it cannot be made.

    Example:
        >>> import tempfile
        >>> with held(Path(tempfile.mkdtemp()) / "lock") as mine:
        ...     mine
        True
    """
    with _opened(path, os.O_RDWR | os.O_CREAT) as file:
        end = time.monotonic() + patience
        how = fcntl.LOCK_EX if math.isinf(patience) else fcntl.LOCK_EX | fcntl.LOCK_NB
        while not (mine := _locked(file.fileno(), how)) and (_merely_seen(file.fileno()) or time.monotonic() < end):
            time.sleep(LOOK)
        yield mine


def is_held(path: Path) -> bool:
    """Say whether a process holds the lock; looking takes it for an instant, which is why who wants it has some patience."""
    try:
        with _opened(path, os.O_RDONLY) as file:
            return not _locked(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False


def _opened(path: Path, how: int) -> BinaryIO:
    """Open a regular file to be locked; a FIFO would wait for a writer, and a folder is none.

    Raises OSError where there is none, or something else.
    """
    descriptor = os.open(path, how | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(errno.EINVAL, "is not a regular file", str(path))


def _merely_seen(file: int) -> bool:
    """Say whether nobody has the lock but who looks at it, which on a busy machine may take any time."""
    seen = _locked(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    fcntl.flock(file, fcntl.LOCK_UN)
    return seen


def _locked(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True
