"""Oracle: the calls themselves, written down by a tracker that does nothing else."""

from collections.abc import Mapping
from typing import Any

from darnax.tracking import Composite, Noop, Tracker


class Recorder(Tracker):
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        self.calls.append((dict(metrics), step, epoch))

    def finish(self, summary: Mapping[str, Any]) -> None:
        self.calls.append((dict(summary),))


def test_every_tracker_gets_every_call_in_order() -> None:
    first, second = Recorder(), Recorder()
    both = Composite([first, Noop(), second])
    both.log({"a": 1.0}, step=1, epoch=0.5)
    both.finish({"status": "finished"})
    assert first.calls == second.calls == [({"a": 1.0}, 1, 0.5), ({"status": "finished"},)]
