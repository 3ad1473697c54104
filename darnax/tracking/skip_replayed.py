"""Keeps rows that a resumed run repeats from its dashboards."""

from collections.abc import Mapping
from typing import Any

from darnax.tracking.interface import Tracker


class SkipReplayed(Tracker):
    """Passes on only the rows of steps after `step`.

    A run that is resumed from a checkpoint repeats the steps after it, bit for bit; `step` is the
    last step in its metrics file before it was stopped.

    Every row is written to that file first. So no row is passed on twice, and one is lost to the
    dashboard if the process is killed in between. The reverse order could repeat a row, which a
    dashboard would show for ever; a lost one it may lose anyway, since it writes in a thread.
    """

    def __init__(self, tracker: Tracker, step: int) -> None:
        self.tracker, self.step = tracker, step

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Pass a row on if it is new."""
        if step > self.step:
            self.tracker.log(metrics, step=step, epoch=epoch)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Pass the summary on."""
        self.tracker.finish(summary)
