"""Runs of a search that are hopeless end early, as soon as a number says so."""

from collections.abc import Callable, Mapping
from typing import Any

from darnax.tracking.interface import Tracker


class Pruned(BaseException):
    """The run was hopeless. No `Exception`, because nothing failed."""


class Pruning(Tracker):
    """Hands everything on to `tracker`, and raises `Pruned` when the run is found hopeless.

    Args:
        tracker: that of the run.
        metric: the one that is judged, at the end of every epoch but the last.
        epochs: of the whole run.
        hopeless: told the number of the epoch, from 0, and the value of the metric, says whether to go no further.
    """

    def __init__(
        self,
        tracker: Tracker,
        *,
        metric: str,
        epochs: float,
        hopeless: Callable[[int, float], bool],
    ) -> None:
        self.tracker, self.metric, self.epochs, self.hopeless = tracker, metric, epochs, hopeless

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Hand the row on, and judge it."""
        self.tracker.log(metrics, step=step, epoch=epoch)
        judged = self.metric in metrics and 0 < epoch < self.epochs and float(epoch).is_integer()
        if judged and self.hopeless(int(epoch) - 1, float(metrics[self.metric])):
            raise Pruned

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Hand the summary on."""
        self.tracker.finish(summary)
