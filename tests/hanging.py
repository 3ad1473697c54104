"""Interrupts what hangs, in processor time: a busy machine makes no difference to it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

COMPUTING = 60  # seconds of processor time, more than ten times what any of the tests needs


@contextmanager
def interrupted_if_endless(seconds: float = COMPUTING) -> Iterator[None]:
    """Fail if the block computes for too long, in processor time of this process."""

    def fail(*_: Any) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGPROF, fail)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
