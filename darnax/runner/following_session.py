"""The bookkeeping of a run in all processes but the first, which write nothing."""

from collections.abc import Mapping
from typing import Any

from darnax.runner.run_session import RunSession
from darnax.runner.train_program import TrainState
from darnax.tracking import Noop


class FollowingSession(RunSession):
    """One run as a process counts it that does not write its folder."""

    def start(self) -> None:
        """Track nothing."""
        self.tracker = Noop()

    def log(self, metrics: Mapping[str, float]) -> None:
        """Keep the values of the metrics."""
        self.progress.metrics |= metrics

    def save(self, train_state: TrainState, name: str | None = None) -> None:
        """Write nothing."""

    def finish(self, status: str, reason: str | None = None) -> dict[str, Any]:
        """Return the summary."""
        return {"status": status, "reason": reason, **self.results()}

    def record_failure(self, error: Exception) -> None:
        """Write nothing."""
