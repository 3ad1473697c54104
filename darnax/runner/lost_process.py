"""What the processes of a run do when one of them is lost: they end with one sentence.

A collective operation fails where a connection ends; on GPUs it waits. JAX's runtime misses the
process within a minute in any case, and then aborts the others.
"""

import atexit
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from darnax.errors import RequestError, RunError, first_line

LOST = "another process of this run was lost, and it cannot go on without"
# In the messages of the libraries that connect processes.
SIGNS = ("Gloo", "NCCL", "coordination service", "Barrier", "UNAVAILABLE", "Connection")
PATIENCE_SECONDS = 10  # for the main thread to end by itself

_is_leaving = False
_handlers: list[Callable[[int], None]] = []  # ctypes functions, which have to stay alive


@contextmanager
def explained() -> Iterator[None]:
    """Turn the exception of an operation of several processes, one of which is lost, into RunError.

    Raises:
        RunError: another process was lost.
    """
    try:
        yield
    except (RequestError, RunError):
        raise
    except Exception as error:  # ValueError and JaxRuntimeError, by the kind of collectives
        if not _handlers or not any(sign in str(error) for sign in SIGNS):
            raise
        raise RunError(f"{LOST} ({first_line(error)})") from error


def watch() -> None:
    """End this process with one sentence where JAX's runtime would abort it."""
    handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(end_aborted)
    _handlers.append(handler)
    # Python's own handlers run in the main thread, which abort() does not wait for.
    ctypes.CDLL(None).signal(int(signal.SIGABRT), handler)


def end_aborted(signum: int) -> None:
    """End this process, in the thread that called abort(); the main thread may do so before."""
    del signum
    time.sleep(PATIENCE_SECONDS)
    if not _is_leaving:
        print(f"The run failed:\n  {LOST}", file=sys.stderr)
    os._exit(1)


def leave_at_exit(error: BaseException) -> None:
    """Let the interpreter exit without waiting for the other processes, which may be lost."""
    global _is_leaving
    _is_leaving = True
    code = getattr(error, "exit_code", 2 if isinstance(error, RequestError) else 1)
    atexit.register(leave, code)


def leave(code: int) -> None:
    """End this process at once."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
