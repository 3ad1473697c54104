"""A thousand epochs leave no more behind in the process than two hundred did. Oracle: counts of arrays, objects and handles."""

import gc
import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

import jax
import pytest
from made_up_task import dataset, experiment

from darnax.runner.lane import Lane
from darnax.runner.run_folder import RunFolder
from darnax.runner.train import train
from darnax.tracking import Composite, Tracker
from darnax.tracking.console import Console
from darnax.tracking.jsonl import Jsonl

EPOCHS, WARM = 1000, 200
LONG = [f"runner.epochs={EPOCHS}", "runner.limit_batches=1", "model.features=20", "runner.checkpoint_every=1", "runner.keep=2"]
KIB = 1 if sys.platform == "linux" else 1 / 1024  # macOS tells bytes


@dataclass
class Left:
    arrays: int
    objects: int
    handles: int
    kib: float


class Counting(Tracker):
    """Counts what a process holds when an epoch ends."""

    def __init__(self) -> None:
        self.found: dict[int, Left] = {}

    def log(self, metrics, *, step, epoch) -> None:
        if int(epoch) in (WARM, EPOCHS) and int(epoch) not in self.found:
            gc.collect()
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
            self.found[int(epoch)] = Left(len(jax.live_arrays()), len(gc.get_objects()), len(os.listdir("/dev/fd")), most)  # noqa: PTH208

    def finish(self, summary) -> None: ...


@pytest.mark.slow
def test_memory_handles_and_logs_over_a_thousand_epochs(tmp_path: Path) -> None:
    folder, counting = RunFolder.create(tmp_path, "long", {}, [], command=[]), Counting()

    def open_tracker(progress) -> Tracker:
        console = Console(progress.total, epochs=EPOCHS, stream=screen)
        return Composite([Jsonl(folder.metrics, progress.step), console, counting])

    with Path(os.devnull).open("w") as screen:
        (summary,) = train([Lane(experiment(*LONG), folder, open_tracker)], dataset())
    assert summary["epochs"] == EPOCHS
    early, late = counting.found[WARM], counting.found[EPOCHS]
    assert late.arrays <= early.arrays  # one more array an epoch would be 800 more
    assert late.objects - early.objects < (EPOCHS - WARM) / 2
    assert late.handles == early.handles
    assert late.kib - early.kib < 4 * (EPOCHS - WARM)  # a buffer of 4 KiB an epoch, held by whatever is no Python object
    assert len(folder.metrics.read_text().splitlines()) <= EPOCHS + 2  # the record grows by its rows, and by nothing else
    assert folder.log.stat().st_size < 2000
    assert len(list(folder.checkpoints.iterdir())) == 3
