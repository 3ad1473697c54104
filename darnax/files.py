"""Files of a folder that may come from anywhere: only regular files are read, no link is followed when writing."""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

SMALL = 16 << 20  # bytes; no configuration, summary or record of a sweep is larger


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


def read_bytes(path: Path, limit: int | None = SMALL) -> bytes:
    """Return the content of a regular file.

    Raises:
        OSError: as `open_regular`, or the file has more than `limit` bytes (None: any number).
    """
    with open_regular(path) as file:
        if limit is None:
            return file.read()
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"has more than {limit} bytes", str(path))
    return content


def read_text(path: Path, limit: int | None = SMALL) -> str:
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
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            os.close(here)
            here = inner
        # Truncated after the check, so that nothing but a regular file ever is.
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(last, flags | (os.O_APPEND if append else 0), 0o666, dir_fd=here)
    finally:
        os.close(here)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a regular file", str(folder / name))
    if not append:
        os.ftruncate(descriptor, 0)
    return os.fdopen(descriptor, "ab" if append else "wb")
