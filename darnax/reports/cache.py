"""Values that reports have read from many or large files, kept in the user's cache folder.

Nothing is kept in the folders of runs: these may come from other people, and a file in them could
contradict the run. An entry is used only if it is complete and was written by this user with this
version of the code; otherwise, and wherever it cannot be written, the files are read again.
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

from darnax.atomic import write_atomically
from darnax.files import open_regular, read_bytes, user_cache

LARGEST = 1 << 27  # bytes of an entry
MOST_BYTES = 1 << 29  # of all entries; the oldest are removed from a larger cache


def folder() -> Path:
    """Return the folder of the entries."""
    return user_cache() / "reports"


def digest(*parts: bytes) -> str:
    """Return a text that no other parts have."""
    state = blake2b(digest_size=16)
    for part in parts:
        state.update(b"%d:" % len(part) + part)
    return state.hexdigest()


def digest_code(modules: Sequence[ModuleType]) -> str:
    """Return a digest of source files: an entry depends on the code that has made it.

    Raises:
        OSError: a module has no file.
    """
    return digest(*(read_bytes(Path(module.__file__ or "")) for module in modules))


def load(name: str, code: str) -> Any:
    """Return the value of an entry; None if there is none that `code` has made."""
    try:
        with open_regular(folder() / name) as file:
            found = os.fstat(file.fileno())
            if found.st_uid != os.geteuid() or found.st_size > LARGEST:
                return None
            content = file.read(LARGEST + 1)
    except OSError:
        return None
    head, _, body = content.partition(b"\n")
    if head.decode(errors="replace") != make_head(code, body):
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def store(name: str, code: str, value: Any) -> None:
    """Write an entry, if that is possible."""
    body = json.dumps(value, separators=(",", ":")).encode()
    content = make_head(code, body).encode() + b"\n" + body
    if len(content) > LARGEST:
        return
    with suppress(OSError):  # a full disk, a folder that cannot be written
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(folder() / name, content)
        remove_oldest()


def make_head(code: str, body: bytes) -> str:
    """Return the first line of an entry, by which a damaged or foreign one is recognised."""
    return f"{code} {digest(body)}"


def remove_oldest() -> None:
    """Remove entries until the cache has at most `MOST_BYTES`."""
    entries = []
    for entry in os.scandir(folder()):
        found = entry.stat(follow_symlinks=False)
        entries.append((found.st_mtime, found.st_size, entry.path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= MOST_BYTES:
            return
        Path(path).unlink(missing_ok=True)
        total -= size
