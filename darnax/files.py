"""Files of a folder that may come from anywhere: only regular files are read, no link is followed when writing."""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

SMALL = 16 << 20  # bytes; no configuration, summary or record of a sweep is larger
RECORD = 1 << 30  # bytes; a metrics.jsonl of 700,000 rows of 100 metrics


def in_memory() -> int:
    """Return how many bytes a file may have that is read at once, with room for a copy of it and for what it becomes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 3


def expand_user(place: str | Path) -> Path:
    """Return a path with the home of a user in the place of `~`; as it is where there is no such user.

    Example:
        >>> expanded("~nobody-of-this-name/data").as_posix()
        '~nobody-of-this-name/data'
    """
    try:
        return Path(place).expanduser()
    except RuntimeError:
        return Path(place)


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading; never wait for a FIFO, never read a device or a folder.

    Raises:
        OSError: there is no such file, it cannot be read, or it is not a regular file.
    """
    # O_NONBLOCK: opening a FIFO without a writer would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(errno.EINVAL, "is not a regular file", str(path))


def read_bytes(path: Path, limit: int = SMALL) -> bytes:
    """Return the content of a regular file.

    Raises:
        OSError: as `open_regular`, or the file has more than `limit` bytes.
    """
    with open_regular(path) as file:
        # By its size, so that a huge file costs nothing, and by what it gives: some files of the system have no size.
        too_long = os.fstat(file.fileno()).st_size > limit
        content = b"" if too_long else file.read(limit + 1)
    if too_long or len(content) > limit:
        raise OSError(errno.EFBIG, f"has more than {limit} bytes", str(path))
    return content


def read_text(path: Path, limit: int = SMALL) -> str:
    """Return the text of a regular UTF-8 file.

    Raises:
        OSError: as `read_bytes`.
        UnicodeDecodeError: a ValueError; the file is not UTF-8.
    """
    return read_bytes(path, limit).decode("utf-8")


def open_inside(folder: Path, name: str, *, append: bool = False) -> BinaryIO:
    """Open `folder/name` for writing, `name` being a relative path; refuse every link on the way from `folder` to the file.

    The file is created where it does not exist; what it held is replaced unless `append`. Folders are not created.

    Raises:
        OSError: a part of `name` is a link, or a folder is missing, or the file cannot be written or is not a regular file.
    """
    *folders, last = Path(name).parts
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            inner = os.open(
                part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here
            )
            os.close(here)
            here = inner
        descriptor = open_own(last, os.O_WRONLY | (os.O_APPEND if append else 0), here)
    finally:
        os.close(here)
    if not append:
        os.ftruncate(descriptor, 0)  # after the check, so that nothing but a regular file ever is
    return os.fdopen(descriptor, "ab" if append else "wb")


def open_own(path: Path | str, flags: int, folder: int | None = None) -> int:
    """Return the descriptor of a file that is a regular one, not a link, and made where it is not there; `folder` is open.

    Raises:
        OSError: it is a link or not a regular file, or cannot be opened.
    """
    try:
        descriptor = os.open(
            path,
            flags | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
            0o666,
            dir_fd=folder,
        )
    except OSError as error:
        if error.errno == errno.ELOOP:  # which is what the system calls a link here
            raise OSError(errno.ELOOP, "is a link", str(path)) from None
        if error.errno == errno.ENXIO:  # a FIFO that nobody reads, or a socket
            raise OSError(errno.EINVAL, "is not a regular file", str(path)) from None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "is not a regular file", str(path))


def write_inside(folder: Path, name: str, content: str) -> None:
    """Put a text into `folder/name`, as `open_inside` opens it."""
    with open_inside(folder, name) as file:
        file.write(content.encode())


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, unless it is there.

    Raises:
        OSError: something else is there, a link to a folder included, or it cannot be made.
    """
    path.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        raise OSError(errno.ELOOP, "is a link", str(path))


def is_strange(path: Path) -> bool:
    """Return whether there is something that is no regular file, nor a link to one."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return path.is_symlink()
    except OSError:
        return True
