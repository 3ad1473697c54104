"""Resources of the process after 1,000 epochs. Oracle: the counts after 200 epochs."""

import ctypes
import gc
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import jax
import pytest
from synthetic_task import dataset, experiment

from darnax.runner.run_folder import RunFolder
from darnax.runner.run_session import RunSession
from darnax.runner.train import train
from darnax.tracking import Composite, Tracker
from darnax.tracking.console import Console
from darnax.tracking.jsonl import Jsonl

EPOCHS, WARM = 1000, 200
LONG = [
    f"runner.epochs={EPOCHS}",
    "runner.limit_batches=1",
    "model.features=20",
    "runner.checkpoint_every=1",
    "runner.keep=2",
]
GLIBC = hasattr(ctypes.CDLL(None), "mallinfo2")  # from 2.33 on, and nowhere else


class Allocated(ctypes.Structure):
    """Allocated bytes of all threads, from mallinfo(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in [
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        ]
    ]


def allocated() -> int:
    tell = ctypes.CDLL(None).mallinfo2
    tell.restype = Allocated
    now = tell()
    return now.uordblks + now.hblkhd


@dataclass
class Left:
    arrays: int
    objects: int
    handles: int
    kib: int


class Counting(Tracker):
    """Counts the resources of the process at the end of an epoch."""

    def __init__(self) -> None:
        self.found: dict[int, Left] = {}

    def log(self, metrics, *, step, epoch) -> None:
        if int(epoch) in (WARM, EPOCHS) and int(epoch) not in self.found:
            gc.collect()
            handles, kib = len(os.listdir("/dev/fd")), allocated() // 1024 if GLIBC else 0  # noqa: PTH208
            self.found[int(epoch)] = Left(
                len(jax.live_arrays()), sys.getallocatedblocks(), handles, kib
            )

    def finish(self, summary) -> None: ...


def thousand_epochs(folder: RunFolder) -> dict[int, Left]:
    counting = Counting()

    def open_tracker(progress) -> Tracker:
        console = Console(progress.total, epochs=EPOCHS, stream=screen)
        return Composite([Jsonl(folder.metrics, progress.step), console, counting])

    with Path(os.devnull).open("w") as screen:
        (summary,) = train([RunSession(experiment(*LONG), folder, open_tracker)], dataset())
    assert summary["epochs"] == EPOCHS
    return counting.found


@pytest.fixture(scope="module")
def long_run(tmp_path_factory) -> tuple[RunFolder, Left, Left]:
    """Train in a separate process: other tests have allocated memory in this one."""
    folder = RunFolder.create(tmp_path_factory.mktemp("long"), "long", {}, [], command=[])
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        found = process.submit(thousand_epochs, folder).result()
    return folder, found[WARM], found[EPOCHS]


@pytest.mark.slow
def test_arrays_objects_handles_and_logs(long_run) -> None:
    folder, early, late = long_run
    assert late.arrays <= early.arrays  # one more array an epoch would be 800 more
    assert late.objects - early.objects < EPOCHS - WARM
    assert late.handles == early.handles
    assert (
        len(folder.metrics.read_text().splitlines()) <= EPOCHS + 2
    )  # the record grows by its rows, and by nothing else
    assert folder.log.stat().st_size < 2000
    assert len(list(folder.checkpoints.iterdir())) == 3


@pytest.mark.slow
@pytest.mark.skipif(
    not GLIBC, reason="what is allocated outside of Python is reported by glibc only"
)
def test_memory(long_run) -> None:
    _, early, late = long_run
    assert late.kib - early.kib < EPOCHS - WARM
