"""Signals that end a run politely: noticed at once, obeyed between two chunks of batches."""

import shlex
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from darnax.errors import message_text

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the last: the terminal is gone
WARNINGS = (
    signal.SIGUSR1,
    signal.SIGUSR2,
)  # a cluster wants the machine back, or the time is nearly up
NOBODY = (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler, None)
Handler = Callable[[int, FrameType | None], None]


class Interrupted(BaseException):
    """A run was asked to stop, and its folder holds what it had; `resume` is the command that resumes it.

    No `Exception`, so that nobody who only guards against failures goes on as if nothing was asked.
    """

    def __init__(self, signum: int, folder: Path, *, saved: bool = True) -> None:
        holds = "everything up to here" if saved else "the last checkpoint"
        name = signal.Signals(signum).name
        super().__init__(message_text(f"stopped by {name}; {folder} holds {holds}"))
        self.folder, self.saved = folder, saved
        self.exit_code = 128 + (signal.SIGINT if signum == signal.SIGINT else signal.SIGTERM)
        self.resume = f"darnax train --resume {shlex.quote(str(folder))}"


class Request:
    """Whether a stop was asked for, and by which signal."""

    signum: int | None = None

    def ask(self, signum: int, frame: FrameType | None) -> None:
        """Remember the signal; a second one stops on the spot."""
        del frame
        if self.signum is not None:
            raise KeyboardInterrupt
        self.signum = signum


@contextmanager
def stop_requests(*, ends_process: bool = False) -> Iterator[Request]:
    """Collect signals while the block runs; only the main thread can.

    With `ends_process` the process has nothing more to do once the block is through, and is not to be ended by a signal on
    its way out: the first is ignored, for the rest of its life.

    Otherwise a signal is handed on to who listened before: one that was not obeyed, so that a sweep does not start its next
    run; and a warning, once all is saved, so that a scheduler submits the job anew.
    """
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    try:
        with handling(
            request.ask, (*STOPS, *WARNINGS), afterwards=ignore_once if ends_process else None
        ):
            yield request
    except BaseException:
        if request.signum in WARNINGS:
            _hand_on(request.signum)
        raise
    if not ends_process:
        _hand_on(request.signum)


@contextmanager
def handling(
    handler: Handler,
    signums: tuple[signal.Signals, ...] = STOPS,
    *,
    afterwards: Handler | None = None,
) -> Iterator[None]:
    """Give signals to `handler` while the block runs, then to whoever had them before; outside of the main thread do nothing.

    After a block that raises nothing they go to `afterwards`, if that is given. A SIGHUP that is ignored, as `nohup` has it,
    stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heeded = [
        signum
        for signum in signums
        if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN
    ]
    before = {signum: signal.signal(signum, handler) for signum in heeded}
    through = False
    try:
        yield
        through = True
    finally:
        for signum, restored in before.items():
            signal.signal(signum, afterwards if through and afterwards else restored)


def ignore_once(signum: int, frame: FrameType | None) -> None:
    """Do nothing at this signal, and end the process at the next of its kind."""
    del frame
    signal.signal(signum, signal.SIG_DFL)


def _hand_on(signum: int | None) -> None:
    if signum is not None and signal.getsignal(signum) not in NOBODY:
        signal.raise_signal(signum)
