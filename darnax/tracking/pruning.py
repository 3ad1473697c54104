"""Stops runs of a search early if a metric shows that they are not promising."""

from collections.abc import Callable, Mapping
from typing import Any

from darnax.tracking.interface import Tracker


class Pruned(BaseException):
    """The run was stopped early. It is not an `Exception`, because nothing failed."""


class Pruning(Tracker):
    """Passes everything on to `tracker`, and raises `Pruned` if the run should stop.

    Args:
        tracker: of the run.
        metric: tested at the end of every epoch but the last.
        epochs: of the whole run.
        should_stop: (number of the epoch, from 0; value of the metric) -> whether to stop.
    """

    def __init__(
        self,
        tracker: Tracker,
        *,
        metric: str,
        epochs: float,
        should_stop: Callable[[int, float], bool],
    ) -> None:
        self.tracker, self.metric, self.epochs, self.should_stop = (
            tracker,
            metric,
            epochs,
            should_stop,
        )

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Pass the row on; raise `Pruned` if the run should stop."""
        # Passed on first: the last row of a stopped run is part of its record.
        self.tracker.log(metrics, step=step, epoch=epoch)
        is_end_of_epoch = 0 < epoch < self.epochs and float(epoch).is_integer()
        if not is_end_of_epoch or self.metric not in metrics:
            return
        if self.should_stop(int(epoch) - 1, float(metrics[self.metric])):
            raise Pruned

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Pass the summary on."""
        self.tracker.finish(summary)
