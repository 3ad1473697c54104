"""A dashboard that was told of a run before it was killed is not told the same again."""

from collections.abc import Mapping
from typing import Any

from darnax.tracking.interface import Tracker


class SkipReplayed(Tracker):
    """Hands on to `tracker` the rows of steps after `step` alone: a run that goes on repeats the others, bit for bit.

    `step` is the last that the record ever had, which is written first: no row is told twice, and a kill between the two costs
    the dashboard one row. Exactly once would take one transaction over both files. Of the two failures the lost one is the
    better: a dashboard that writes behind the back of the program loses some by a kill anyway, and keeps a repetition for ever.
    """

    def __init__(self, tracker: Tracker, step: int) -> None:
        self.tracker, self.step = tracker, step

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Hand a row on if it is new."""
        if step > self.step:
            self.tracker.log(metrics, step=step, epoch=epoch)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Finish it."""
        self.tracker.finish(summary)
