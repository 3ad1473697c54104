"""Measures the cost of the data: an epoch from memory, one from disk, and one without data."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax.numpy as jnp
import numpy as np

from benchmarking.measure import measure_fastest
from darnax.builder import build
from darnax.composing.composer import compose
from darnax.data.preparing import GIB
from darnax.laboratory.data_opening import open_data
from darnax.runner.run_folder import RunFolder
from darnax.runner.run_session import RunSession
from darnax.runner.training_loop import ROWS_PER_EPOCH, TrainingLoop
from darnax.tracking import Noop

EXPERIMENTS = ("mnist_sparse", "mnist_chain")
Epoch = Callable[[], Iterator[Any]]
IN_MEMORY = 0.5  # fraction of the dataset that fits in the memory of a streamed run


def measure_epochs(name: str, seconds: float) -> dict[str, Any]:
    """Return the seconds of an epoch of an experiment.

    `steps` is an epoch on one batch, again and again, `resident` and `streamed` one with data from
    memory and from disk.
    """
    overrides = [f"+experiment={name}"]
    with TemporaryDirectory() as folder:
        resident = open_run(overrides, Path(folder))
        repeated = open_run(overrides, Path(folder))
        examples = len(resident.dataset.train) + len(resident.dataset.test)
        memory = IN_MEMORY * examples * int(np.prod(resident.data.shape)) / GIB
        streamed = open_run([*overrides, f"data.memory_gib={memory}"], Path(folder))
        one_batch = partial(train_on_one_batch, repeated)
        steps, beside = measure_by_chunks(one_batch, resident.chunks, seconds)
        runs = {
            "resident": lambda: list(resident.chunks()),
            "streamed": lambda: list(streamed.chunks()),
        }
        best = measure_fastest(runs, seconds)
    ratios = {"of_steps": beside / steps, "of_resident": best["streamed"] / best["resident"]}
    return {"case": name, "steps": steps} | best | ratios


def measure_by_chunks(one: Epoch, other: Epoch, seconds: float) -> list[float]:
    """Return the seconds of an epoch of both, measured in turns chunk by chunk.

    The sum over the chunks of the shortest time of each: a short disturbance of the machine spoils
    one chunk of one repetition instead of an epoch.
    """
    epochs = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(epochs) < 3:
        epochs.append(list(time_in_turns(one(), other())))
    return np.array(epochs).min(0).sum(0).tolist()


def time_in_turns(*epochs: Iterator[Any]) -> Iterator[list[float]]:
    """Yield the seconds of the next chunk of each epoch, until one of them is over."""
    while True:
        times = [time_next(chunks) for chunks in epochs]
        if None in times:
            return
        yield times


def time_next(chunks: Iterator[Any]) -> float | None:
    """Return the seconds of the next chunk, or None after the last."""
    began = time.perf_counter()
    if next(chunks, None) is None:
        return None
    return time.perf_counter() - began


def open_run(overrides: list[str], folder: Path) -> TrainingLoop:
    """Return a run that is compiled and ready to train."""
    config = compose(overrides)
    experiment = build(config)
    run_folder = RunFolder.create(folder, "epochs", config, [], command=[])
    session = RunSession(experiment, run_folder, lambda _: Noop())
    run = TrainingLoop([session], open_data(experiment))
    session.start()
    run.compile()
    return run


def train_on_one_batch(run: TrainingLoop) -> Iterator[Any]:
    """Train for one epoch on one batch, again and again; yield after every chunk."""
    steps, length = run.progress.per_epoch, -(-run.progress.per_epoch // ROWS_PER_EPOCH)
    window = next(run.dataset.train.windows(0))
    order = jnp.tile(jnp.arange(run.data.batch_size), steps)
    for first in range(0, steps, length):
        last = min(first + length, steps)
        metrics, _ = run.train_chunk(window, order, 0, 0, first, last)
        yield metrics
