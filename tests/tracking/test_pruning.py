"""A run that is found hopeless ends, and its summary says so. Oracle: what the words say."""

import signal
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from darnax.runner.interrupts import Interrupted, Request
from darnax.runner.train import TESTED, Run
from darnax.tracking import Tracker
from darnax.tracking.pruning import Pruned, Pruning


class Memory(Tracker):
    def __init__(self) -> None:
        self.epochs: list[float] = []
        self.summary: dict = {}

    def log(self, metrics, *, step, epoch):
        self.epochs.append(epoch)

    def finish(self, summary):
        self.summary = dict(summary)


@pytest.fixture
def told() -> list[tuple[int, float]]:
    return []


def tracker(memory: Memory, told: list, worst: float) -> Pruning:
    def hopeless(epoch: int, value: float) -> bool:
        told.append((epoch, value))
        return value < worst

    return Pruning(memory, metric="eval/accuracy", epochs=3, hopeless=hopeless)


def test_it_is_judged_at_the_end_of_every_epoch_but_the_last(told: list) -> None:
    memory = Memory()
    pruning = tracker(memory, told, worst=0.0)
    for epoch in (0, 0.5, 1, 1.5, 2, 3):
        pruning.log({"eval/accuracy": epoch / 10}, step=1, epoch=epoch)
        pruning.log({"train/accuracy": -1.0}, step=1, epoch=epoch)
    pruning.finish({"status": "finished"})
    assert told == [(0, 0.1), (1, 0.2)]
    assert memory.epochs == [0, 0, 0.5, 0.5, 1, 1, 1.5, 1.5, 2, 2, 3, 3]
    assert memory.summary == {"status": "finished"}


def test_a_hopeless_run_ends_with_its_last_row_written(told: list) -> None:
    memory = Memory()
    pruning = tracker(memory, told, worst=0.15)
    with pytest.raises(Pruned):
        pruning.log({"eval/accuracy": 0.1}, step=1, epoch=1)
    assert memory.epochs == [1]


ENDS = {"pruned": Pruned(), "failed": ValueError("no"), "interrupted": None, "finished": None}


@pytest.mark.parametrize("status", ENDS)
def test_the_run_writes_down_how_it_ended(status: str, monkeypatch) -> None:
    """What `train` raises, or that it was asked to stop, is the status; the tracker and the folder hear the same."""
    told: list[tuple[str, str | None]] = []
    progress = SimpleNamespace(metrics={TESTED: 0.5})
    lane = SimpleNamespace(
        start=lambda: None, finish=lambda *end: told.append(end), folder=SimpleNamespace(path=Path()), progress=progress
    )
    run = Run.__new__(Run)
    run.lanes, run.dataset = [lane, lane], SimpleNamespace(test=None)

    def train(request) -> None:
        request.signum = signal.SIGTERM if status == "interrupted" else None
        if ENDS[status]:
            raise ENDS[status]

    for name in ("compile", "save", "log", "accuracy"):
        monkeypatch.setattr(run, name, lambda *_: None, raising=False)
    monkeypatch.setattr(run, "train", train, raising=False)
    expected = {"pruned": Pruned, "failed": ValueError, "interrupted": Interrupted}.get(status)
    with pytest.raises(expected) if expected else nullcontext():
        run.to_the_end(Request())
    assert told == [(status, "ValueError: no" if status == "failed" else None)] * 2
