"""Signals that end a run politely: noticed at once, obeyed between two chunks of batches."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


class Interrupted(BaseException):
    """A run was asked to stop and has saved what it had; `resume` is the command that goes on with it.

    No `Exception`, so that nobody who only guards against failures goes on as if nothing was asked.
    """

    def __init__(self, signum: int, folder: Path) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}; {folder} holds everything up to here")
        self.folder = folder
        self.exit_code = 128 + signum
        self.resume = f"darnax train --resume {folder}"


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
def stop_requests() -> Iterator[Request]:
    """Collect SIGINT and SIGTERM while the block runs; outside the main thread nothing is collected."""
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    with handling(request.ask):
        yield request


@contextmanager
def handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Give SIGINT and SIGTERM to `handler` while the block runs; only the main thread can."""
    before = {signum: signal.signal(signum, handler) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, restored in before.items():
            signal.signal(signum, restored)
