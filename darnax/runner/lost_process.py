"""What the processes of a run do when one of them is lost: they end with one sentence.

A collective operation fails where a connection ends; on GPUs it waits. JAX's runtime misses the
process within a minute in any case, and then aborts the others.
"""

import atexit
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from darnax.errors import RequestError, RunError, first_line

LOST = "another process of this run has ended, and the run cannot continue without it"
# In the messages of the libraries that connect processes.
SIGNS = ("Gloo", "NCCL", "coordination service", "Barrier", "UNAVAILABLE", "Connection")
PATIENCE_SECONDS = 10  # for the main thread to end by itself

_is_leaving = False
_end = (LOST, 1)  # what is said where the runtime aborts the process, and the exit code
_stderr = 2  # the descriptor of the sentence
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


def watch(sentence: str = LOST, code: int = 1) -> None:
    """End this process with a sentence and an exit code where JAX's runtime would abort it."""
    global _end
    _end = sentence, code
    if _handlers:
        return
    handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(end_aborted)
    _handlers.append(handler)
    # Python's own handlers run in the main thread, which abort() does not wait for.
    ctypes.CDLL(None).signal(int(signal.SIGABRT), handler)


def end_aborted(signum: int) -> None:
    """End this process, in the thread that called abort(); the main thread may do so before."""
    del signum
    if threading.current_thread() is not threading.main_thread():
        time.sleep(PATIENCE_SECONDS)
    sentence, code = _end
    if not _is_leaving:
        os.write(_stderr, f"The run failed:\n  {sentence}\n".encode())
    os._exit(code)


@contextmanager
def without_native_text() -> Iterator[None]:
    """Drop what libraries write to stderr in the block, such as the trace of an abort."""
    global _stderr
    _stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(_stderr, 2)
        os.close(_stderr)
        os.close(null)
        _stderr = 2


def leave_at_exit(error: BaseException) -> None:
    """Let the interpreter exit without waiting for the other processes, which may be lost."""
    global _is_leaving
    _is_leaving = True
    code = 2 if isinstance(error, RequestError) else 1
    if isinstance(error, KeyboardInterrupt):
        code = 128 + signal.SIGINT
    atexit.register(leave, getattr(error, "exit_code", code))


def leave(code: int) -> None:
    """End this process at once."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
