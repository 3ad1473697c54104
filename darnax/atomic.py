"""Files that appear whole or not at all, whatever kills the process or the machine."""

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes | str) -> None:
    """Put `content` at `path`: temporary neighbour, fsync, rename, fsync of the folder.

    A reader sees the old file or the new one. A link at `path` is replaced, never followed. What a kill can leave behind is a
    neighbour `.<name>.<pid>.tmp`.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(
        missing_ok=True
    )  # left behind by a process that was killed, or a link that somebody put there
    try:
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    to_disk(path.parent)  # the rename itself is only there once the folder is


def to_disk(path: Path) -> None:
    """Return when what was written to a file, or the names in a folder, would survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
