"""Runs of a search that are hopeless end early, as soon as a number says so."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from darnax.atomic import write_atomically
from darnax.tracking.interface import Tracker
from darnax.tracking.strict_json import encode


class Pruned(BaseException):
    """The run was hopeless. No `Exception`, because nothing failed."""


class Pruning(Tracker):
    """Hands everything on to `tracker`, and ends the run by `Pruned` when it is found hopeless.

    Args:
        tracker: that of the run.
        summary: the run's summary.json, which will have the status `pruned`.
        metric: the one that is judged, at the end of every epoch but the last.
        epochs: of the whole run.
        hopeless: told the number of the epoch, from 0, and the value of the metric, says whether to go no further.
    """

    def __init__(
        self, tracker: Tracker, summary: Path, *, metric: str, epochs: float, hopeless: Callable[[int, float], bool]
    ) -> None:
        self.tracker, self.summary, self.metric, self.epochs, self.hopeless = tracker, summary, metric, epochs, hopeless
        self.pruned = False

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Hand the row on, and judge it."""
        self.tracker.log(metrics, step=step, epoch=epoch)
        if self.metric in metrics and 0 < epoch < self.epochs and float(epoch).is_integer():
            self.pruned = self.hopeless(int(epoch) - 1, float(metrics[self.metric]))
            if self.pruned:
                raise Pruned

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Write the status down if the run was pruned, and hand the summary on."""
        if self.pruned:
            summary = {**summary, "status": "pruned"}
            write_atomically(self.summary, encode(summary, indent=2) + "\n")
        self.tracker.finish(summary)
