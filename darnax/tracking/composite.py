"""Several trackers as one."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import Any

from darnax.tracking.interface import Tracker


class Composite(Tracker):
    """Passes every call on to each tracker in turn."""

    def __init__(self, trackers: Iterable[Tracker]) -> None:
        self.trackers = tuple(trackers)

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Log to each."""
        for tracker in self.trackers:
            tracker.log(metrics, step=step, epoch=epoch)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Finish each, even if one of them raises an exception."""
        # An ExitStack calls all of its callbacks, in reverse order, and raises the last exception.
        with ExitStack() as stack:
            for tracker in reversed(self.trackers):
                stack.callback(tracker.finish, summary)
