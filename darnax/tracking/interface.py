"""What a run tells the world: numbers while it lasts, a summary when it ends."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class Tracker(ABC):
    """A place where metrics go.

    `log` everything that belongs to one step in one call: a row, a line and a point of a plot are made per call.
    Construct it when training is about to start; call `finish` exactly once, also when the run fails.
    """

    @abstractmethod
    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Write `metrics` (name -> number, e.g. `train/accuracy`) down as of `step` batches, `epoch` passes over the set."""

    @abstractmethod
    def finish(self, summary: Mapping[str, Any]) -> None:
        """Close. `summary` is what summary.json holds.

        That is: status, metrics, best, epochs, steps, wall_seconds, images_per_second.
        """
