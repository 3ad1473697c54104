"""A lock so that one process at a time prepares a set, and a scratch folder to prepare it in."""

import math
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from darnax.errors import Problem, RequestError
from darnax.locks import file_lock


def file_name(name: str) -> str:
    """Return the name of a set as a part of a file name.

    Example:
        >>> file_name("emnist/balanced:3.1.0")
        'emnist-balanced-3.1.0'
    """
    return re.sub("[/:]", "-", name)


@contextmanager
def lock_set(directory: Path, name: str) -> Iterator[None]:
    """Wait for the lock of `name` in `directory` and hold it while the block runs.

    The operating system releases it when the process ends, however that happens.
    """
    lock = directory / f".darnax-{file_name(name)}.lock"
    with ExitStack() as stack:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            stack.enter_context(file_lock(lock, math.inf))
        except OSError as error:
            what = f"cannot write in {directory} ({error.strerror}): name another folder"
            raise RequestError(Problem("paths.data", what)) from error
        yield


@contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """Make an empty folder, and remove what is left of it afterwards.

    The caller holds the lock, so whatever is there already was left by a process that was killed.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        path.unlink()
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
