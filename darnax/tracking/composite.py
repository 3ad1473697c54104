"""Several trackers that look like one."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import Any

from darnax.tracking.interface import Tracker


class Composite(Tracker):
    """Hands every call to each tracker in turn."""

    def __init__(self, trackers: Iterable[Tracker]) -> None:
        self.trackers = tuple(trackers)

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Log to each."""
        for tracker in self.trackers:
            tracker.log(metrics, step=step, epoch=epoch)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Finish each, also when one of them cannot."""
        with ExitStack() as stack:
            for tracker in reversed(self.trackers):
                stack.callback(tracker.finish, summary)
