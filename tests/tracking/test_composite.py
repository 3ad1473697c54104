"""Several trackers. Oracle: the calls, recorded by a tracker."""

from collections.abc import Mapping
from typing import Any

import pytest

from darnax.tracking import Composite, Noop, Tracker
from darnax.tracking.skip_replayed import SkipReplayed


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


class Full(Noop):
    def finish(self, summary: Mapping[str, Any]) -> None:
        raise OSError("no space left")


def test_a_tracker_that_cannot_finish_does_not_stop_the_others() -> None:
    first, last = Recorder(), Recorder()
    with pytest.raises(OSError, match="no space left"):
        Composite([first, Full(), last]).finish({"status": "failed"})
    assert first.calls == last.calls == [({"status": "failed"},)]


def test_rows_logged_before_are_not_logged_again() -> None:
    recorder = Recorder()
    since = SkipReplayed(recorder, 2)
    for step in (1, 2, 3):
        since.log({}, step=step, epoch=1.0)
    since.finish({})
    assert recorder.calls == [({}, 3, 1.0), ({},)]
