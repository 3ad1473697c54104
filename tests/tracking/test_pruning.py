"""Pruning. Oracle: the decisions of a fake pruner."""

import pytest

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
def reported() -> list[tuple[int, float]]:
    return []


def tracker(memory: Memory, reported: list, worst: float) -> Pruning:
    def should_stop(epoch: int, value: float) -> bool:
        reported.append((epoch, value))
        return value < worst

    return Pruning(memory, metric="eval/accuracy", epochs=3, should_stop=should_stop)


def test_pruning_is_decided_at_every_epoch_but_the_last(reported: list) -> None:
    memory = Memory()
    pruning = tracker(memory, reported, worst=0.0)
    for epoch in (0, 0.5, 1, 1.5, 2, 3):
        pruning.log({"eval/accuracy": epoch / 10}, step=1, epoch=epoch)
        pruning.log({"train/accuracy": -1.0}, step=1, epoch=epoch)
    pruning.finish({"status": "finished"})
    assert reported == [(0, 0.1), (1, 0.2)]
    assert memory.epochs == [0, 0, 0.5, 0.5, 1, 1, 1.5, 1.5, 2, 2, 3, 3]
    assert memory.summary == {"status": "finished"}


def test_a_pruned_run_ends_with_its_last_row_written(reported: list) -> None:
    memory = Memory()
    pruning = tracker(memory, reported, worst=0.15)
    with pytest.raises(Pruned):
        pruning.log({"eval/accuracy": 0.1}, step=1, epoch=1)
    assert memory.epochs == [1]
