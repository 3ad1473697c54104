"""Signals that stop a run: noted when they arrive, acted on between two chunks of batches."""

import shlex
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from darnax.errors import message_text

# SIGHUP: the terminal was closed.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Sent by the schedulers of clusters before they end a job.
WARNING_SIGNALS = (signal.SIGUSR1, signal.SIGUSR2)
DEFAULT_HANDLERS = (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler, None)
SignalHandler = Callable[[int, FrameType | None], None]


class Interrupted(BaseException):
    """A signal stopped a run; its folder holds what was saved, and `resume` is the command for it.

    Like `KeyboardInterrupt` it is not an `Exception`: code that handles failures must not go on to
    the next run as if nobody had asked to stop.
    """

    def __init__(self, signum: int, folder: Path, *, saved: bool = True) -> None:
        holds = "everything up to here" if saved else "the last checkpoint"
        name = signal.Signals(signum).name
        super().__init__(message_text(f"stopped by {name}; {folder} holds {holds}"))
        self.folder, self.saved = folder, saved
        # The convention of shells; all other signals ask for the same as SIGTERM.
        self.exit_code = 128 + (signal.SIGINT if signum == signal.SIGINT else signal.SIGTERM)
        self.resume = f"darnax train --resume {shlex.quote(str(folder))}"


class StopRequest:
    """Whether a stop was requested, and by which signal."""

    signum: int | None = None

    def handle(self, signum: int, frame: FrameType | None) -> None:
        """Note the signal; raise KeyboardInterrupt at a second one, which stops at once."""
        del frame
        if self.signum is not None:
            raise KeyboardInterrupt
        self.signum = signum


@contextmanager
def catch_stop_signals(*, ends_process: bool = False) -> Iterator[StopRequest]:
    """Note signals in the StopRequest while the block runs; outside the main thread do nothing.

    After the block the signal is raised again for the handlers that were installed before: a signal
    that arrived too late to stop the run still stops a sweep before its next run, and a warning
    lets a scheduler's handler submit the job again.

    With `ends_process` the process does nothing more after the block: a signal that arrives then
    is ignored once, so that it does not change the exit code of a run that is complete.
    """
    request = StopRequest()
    # Python allows only the main thread to install handlers.
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    signums = (*STOP_SIGNALS, *WARNING_SIGNALS)
    try:
        with handling_signals(
            request.handle, signums, afterwards=ignore_once if ends_process else None
        ):
            yield request
    except BaseException:
        # The exception is the answer to a stop; a warning has another addressee.
        if request.signum in WARNING_SIGNALS:
            _raise_again(request.signum)
        raise
    if not ends_process:
        _raise_again(request.signum)


@contextmanager
def handling_signals(
    handler: SignalHandler,
    signums: tuple[signal.Signals, ...] = STOP_SIGNALS,
    *,
    afterwards: SignalHandler | None = None,
) -> Iterator[None]:
    """Install `handler` while the block runs, then the handlers from before.

    After a block that raises nothing `afterwards` is installed instead, if it is given. Outside the
    main thread nothing is installed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {}
    for signum in signums:
        # `nohup` starts a program with SIGHUP ignored, to outlive its terminal.
        if signum == signal.SIGHUP and signal.getsignal(signum) == signal.SIG_IGN:
            continue
        previous[signum] = signal.signal(signum, handler)
    succeeded = False
    try:
        yield
        succeeded = True
    finally:
        for signum, before in previous.items():
            signal.signal(signum, afterwards if succeeded and afterwards else before)


def ignore_once(signum: int, frame: FrameType | None) -> None:
    """Ignore this signal; the next of its kind ends the process."""
    del frame
    signal.signal(signum, signal.SIG_DFL)


def _raise_again(signum: int | None) -> None:
    # Under a default handler the signal would end the process, or do nothing.
    if signum is not None and signal.getsignal(signum) not in DEFAULT_HANDLERS:
        signal.raise_signal(signum)
