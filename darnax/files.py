"""Access to files of unknown origin: only regular files are read, no link is followed to write."""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

SMALL = 16 << 20  # bytes; no configuration, summary or record of a sweep is larger
PIECE = 1 << 24  # bytes that are read at once


def in_memory() -> int:
    """Return the largest size of a file that is read at once: a third of the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 3


def expand_user(path: str | Path) -> Path:
    """Return a path with `~` replaced by a user's home; unchanged if there is no such user.

    Example:
        >>> expand_user("~nobody-of-this-name/data").as_posix()
        '~nobody-of-this-name/data'
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def user_cache() -> Path:
    """Return the folder in which darnax caches what it can compute again."""
    return expand_user(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "darnax"


def is_file(path: str | Path) -> bool:
    """Return whether a path leads to a regular file; False for what can be no path.

    `Path.is_file` raises for a name that is too long, and in a folder that cannot be searched.
    """
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: str | Path) -> bool:
    """Return whether a path leads to a folder; False for what can be no path."""
    return os.path.isdir(path)  # noqa: PTH112


def exists(path: str | Path) -> bool:
    """Return whether a path leads to anything; False for what can be no path."""
    return os.path.exists(path)  # noqa: PTH110


def open_regular(path: Path | str) -> BufferedReader:
    """Open a regular file for reading; never wait for a FIFO, never read a device or a folder.

    Raises:
        OSError: there is no such file, it cannot be read, or it is not a regular file.
    """
    descriptor, _ = open_descriptor(path)
    return os.fdopen(descriptor, "rb")


def open_descriptor(path: Path | str) -> tuple[int, int]:
    """Return the descriptor of a file that is opened as by `open_regular`, and its size."""
    # O_NONBLOCK: opening a FIFO without a writer would wait forever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode):
        return descriptor, found.st_size
    os.close(descriptor)
    raise OSError(errno.EINVAL, "is not a regular file", str(path))


def read_bytes(path: Path | str, limit: int = SMALL) -> bytes:
    """Return the content of a regular file.

    Raises:
        OSError: as `open_regular`, or the file has more than `limit` bytes.
    """
    descriptor, size = open_descriptor(path)
    try:
        # Checked by size, so that a huge file costs nothing, and by content: in /proc sizes are 0.
        too_long = size > limit
        content = b"" if too_long else os.read(descriptor, size + 1)
        if not too_long and len(content) != size:
            content += read_rest(descriptor, limit + 1 - len(content))
    finally:
        os.close(descriptor)
    if too_long or len(content) > limit:
        raise OSError(errno.EFBIG, f"has more than {limit} bytes", str(path))
    return content


def read_rest(descriptor: int, limit: int) -> bytes:
    """Read to the end of a file, but at most `limit` bytes."""
    pieces = []
    while limit > 0:
        piece = os.read(descriptor, min(limit, PIECE))
        if not piece:
            break
        pieces.append(piece)
        limit -= len(piece)
    return b"".join(pieces)


def read_text(path: Path | str, limit: int = SMALL) -> str:
    """Return the text of a regular UTF-8 file.

    Raises:
        OSError: as `read_bytes`.
        UnicodeDecodeError: a ValueError; the file is not UTF-8.
    """
    return read_bytes(path, limit).decode("utf-8")


def open_inside(folder: Path, name: str, *, append: bool = False) -> BinaryIO:
    """Open `folder/name` for writing without following any link in `name`, a relative path.

    The file is created if it is missing; its content is replaced unless `append`. Folders are not
    created.

    Raises:
        OSError: a part of `name` is a link, a folder is missing, or the file cannot be written or
            is not a regular file.
    """
    *folders, last = Path(name).parts
    folder_flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    parent = os.open(folder, folder_flags)
    try:
        for part in folders:
            inner = os.open(part, folder_flags | os.O_NOFOLLOW, dir_fd=parent)
            os.close(parent)
            parent = inner
        descriptor = open_own(last, os.O_WRONLY | (os.O_APPEND if append else 0), parent)
    finally:
        os.close(parent)
    if not append:
        os.ftruncate(descriptor, 0)  # after the check, so that only a regular file is truncated
    return os.fdopen(descriptor, "ab" if append else "wb")


def open_own(path: Path | str, flags: int, folder: int | None = None) -> int:
    """Open or create a regular file that is not a link, in an open `folder`; return its descriptor.

    Raises:
        OSError: it is a link or not a regular file, or cannot be opened.
    """
    flags |= os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o666, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:  # the system's error for a link, because of O_NOFOLLOW
            raise OSError(errno.ELOOP, "is a link", str(path)) from None
        if error.errno == errno.ENXIO:  # a FIFO without a reader, or a socket
            raise OSError(errno.EINVAL, "is not a regular file", str(path)) from None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "is not a regular file", str(path))


def write_inside(folder: Path, name: str, content: str) -> None:
    """Write a text to `folder/name`, opened by `open_inside`."""
    with open_inside(folder, name) as file:
        file.write(content.encode())


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, unless it exists.

    Raises:
        OSError: something else exists there, e.g. a link to a folder, or it cannot be made.
    """
    path.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        raise OSError(errno.ELOOP, "is a link", str(path))


def is_strange(path: Path | str) -> bool:
    """Return whether something exists that is not a regular file, nor a link to one."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116
    except FileNotFoundError:
        return os.path.islink(path)  # noqa: PTH114
    except OSError:
        return True
