"""Files that are written completely or not at all, whatever kills the process or the machine."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path


def write_atomically(path: Path, content: bytes | str | Iterable[bytes]) -> None:
    """Write `content` to `path`: temporary file beside it, fsync, rename, fsync of the folder.

    A content too large for memory is given in pieces, one after the other. A reader sees the old
    file or the new one. A link at `path` is replaced, never followed. A killed process can leave
    the temporary file `.<name>.<pid>-<thread>.tmp` behind.
    """
    writer = f"{os.getpid()}-{threading.get_native_id()}"  # threads may write one file at once
    temporary = path.with_name(f".{path.name}.{writer}.tmp")
    # Left behind by a process that was killed, or a link that somebody has put there.
    temporary.unlink(missing_ok=True)
    if isinstance(content, str):
        content = content.encode()
    pieces = [content] if isinstance(content, bytes) else content
    try:
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666
        )
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    to_disk(path.parent)  # the rename survives a power cut only when the folder is on disk


def to_disk(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, would survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
