"""Measures the cost of random stages: training steps with a stage and without, in turns."""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarking.epochs import open_run
from darnax.runner.training_loop import TrainingLoop

EXPERIMENT = "+experiment=mnist_chain"
STAGES = {
    "none": "",
    "shift": "+data.disturb.shift={pixels: 2}",
    "crop": "+data.disturb.crop={size: 28, padding: 2}",
    "flip": "+data.disturb.flip={}",
    "rotate": "+data.disturb.rotate={degrees: 10}",
    "affine": "+data.disturb.affine={degrees: 10, scale: 0.1}",
    "noise": "+data.disturb.noise={share: 0.1}",
    "noise gaussian": "+data.disturb.noise={share: 0.1, kind: gaussian}",
    "occlude window": "+data.disturb.occlude={share: 0.2}",
    "occlude pixels": "+data.disturb.occlude={share: 0.2, part: pixels}",
}
FEWEST = 20  # pairs
Z = 1.96  # a 95 % interval


def measure_stage(name: str, seconds: float) -> dict[str, Any]:
    """Return the processor time of training with a stage over that without.

    The time is that of the process, with all its threads: other programs change it less than they
    change the time on the clock. Chunks of steps are measured in pairs, of which either run is the
    first in turns. The result is the median ratio of the pairs, with the interval between two order
    statistics that contains the true median with a probability of 95 %.
    """
    with TemporaryDirectory() as folder:
        without = endless_chunks(open_run([EXPERIMENT], Path(folder)))
        words = [EXPERIMENT, *filter(None, [STAGES[name]])]
        disturbed = endless_chunks(open_run(words, Path(folder)))
        pairs: list[tuple[float, float]] = []
        end = time.perf_counter() + seconds
        for turn in count():
            order = (without, disturbed) if turn % 2 else (disturbed, without)
            spent = {id(chunks): time_next(chunks) for chunks in order}
            pairs.append((spent[id(without)], spent[id(disturbed)]))
            if turn >= FEWEST and time.perf_counter() > end:
                break
    ratios = np.sort([more / less for less, more in pairs[2:]])  # the first ones start the threads
    return {"case": name, "pairs": len(ratios)} | summarise(ratios)


def summarise(ratios: np.ndarray) -> dict[str, float]:
    """Return the median of sorted numbers, and its 95 % interval.

    The number of values below the true median is binomial with n trials and probability 1/2.
    """
    n = len(ratios)
    half = Z * np.sqrt(n) / 2
    low, high = int(np.floor(n / 2 - half)), int(np.ceil(n / 2 + half))
    return {
        "median": float(np.median(ratios)),
        "low": float(ratios[max(low, 0)]),
        "high": float(ratios[min(high, n - 1)]),
    }


def endless_chunks(run: TrainingLoop) -> Iterator[Any]:
    """Yield the chunks of a run, epoch after epoch."""
    while True:
        yield from run.chunks()


def time_next(chunks: Iterator[Any]) -> float:
    """Return the processor seconds of the next chunk."""
    began = time.process_time()
    next(chunks)
    return time.process_time() - began
