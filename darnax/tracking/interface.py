"""The interface of trackers, which get the metrics of a run and its summary."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True)
class TrackedRun:
    """The run that a tracker belongs to.

    Args:
        id: the name of the run's folder; the same when the run is resumed.
        folder: of the run alone.
        outputs: the folder of all runs, for files that several runs share.
        config: the nested, resolved configuration.
        name: to show: `id`, or in a sweep what sets the run apart, such as `depth=2 seed=1`.
        group: the experiment, or in a sweep what the runs that differ in the seed alone share.
        tags: the name of the sweep, if the run is of one.
        resumed: whether rows of this run were logged before, by another process.
    """

    id: str
    folder: Path
    outputs: Path
    config: Mapping[str, Any]
    name: str
    group: str
    tags: tuple[str, ...] = ()
    resumed: bool = False


class Tracker(ABC):
    """A destination of metrics.

    `log` everything that belongs to one step in one call: a row, a line and a point of a plot are
    made per call. Construct it when training is about to start; call `finish` exactly once, also
    when the run fails.

    A configuration adds one by `tracking.<name>: {_target_: package.Class, ...}`. The other keys
    are arguments of its constructor. A constructor that has a parameter `run` gets the
    `TrackedRun`. Whatever such a tracker raises is one warning, and ends the tracker, not the run.
    A run that is resumed logs no row twice to it.

    Example:
        >>> class Printed(Tracker):
        ...     def __init__(self, run: TrackedRun, metric: str = "train/accuracy") -> None:
        ...         self.run, self.metric = run, metric
        ...     def log(self, metrics, *, step, epoch):
        ...         if self.metric in metrics:
        ...             print(self.run.name, step, metrics[self.metric])
        ...     def finish(self, summary):
        ...         print(summary["status"])
    """

    concurrent: ClassVar[bool] = True  # several may be open in one process, as in batched sweeps

    @abstractmethod
    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Log one row.

        Args:
            metrics: name -> number, such as `train/accuracy` -> 0.93.
            step: batches so far.
            epoch: passes over the training set so far.
        """

    @abstractmethod
    def finish(self, summary: Mapping[str, Any]) -> None:
        """Close. `summary` is what summary.json holds.

        That is: status, metrics, best, epochs, steps, wall_seconds, images_per_second.
        """
