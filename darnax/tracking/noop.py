"""A tracker that writes nothing, for code that needs a tracker and no record."""

from collections.abc import Mapping
from typing import Any

from darnax.tracking.interface import Tracker


class Noop(Tracker):
    """Writes nothing anywhere."""

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Do nothing."""

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Do nothing."""
