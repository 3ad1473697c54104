"""What data cost: an epoch from memory and one from disk, beside the same compiled steps on one batch again and again."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax.numpy as jnp
import numpy as np

from benchmarking.measure import fastest
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
HELD = 0.5  # of the whole set is what a streamed run may hold in memory


def measure_epochs(name: str, seconds: float) -> dict[str, Any]:
    """Return the seconds of an epoch of a shipped experiment: its steps alone, with data from memory, and from disk."""
    words = [f"+experiment={name}"]
    with TemporaryDirectory() as place:
        resident, repeated = (opened(words, Path(place)) for _ in range(2))
        examples = len(resident.dataset.train) + len(resident.dataset.test)
        held = HELD * examples * int(np.prod(resident.data.shape)) / GIB
        streamed = opened([*words, f"data.memory_gib={held}"], Path(place))
        steps, beside = by_chunks(lambda: alone(repeated), resident.chunks, seconds)
        took = fastest(
            {
                "resident": lambda: list(resident.chunks()),
                "streamed": lambda: list(streamed.chunks()),
            },
            seconds,
        )
    ratios = {"of_steps": beside / steps, "of_resident": took["streamed"] / took["resident"]}
    return {"case": name, "steps": steps} | took | ratios


def by_chunks(one: Epoch, other: Epoch, seconds: float) -> list[float]:
    """Return the seconds of an epoch of both, taking turns chunk by chunk: the sum of the best times of every chunk."""
    epochs = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(epochs) < 3:
        epochs.append(list(turns(one(), other())))
    return np.array(epochs).min(0).sum(0).tolist()


def turns(*epochs: Iterator[Any]) -> Iterator[list[float]]:
    """Yield the seconds of the next chunk of each, until their epochs are over."""
    while None not in (took := [timed(chunks) for chunks in epochs]):
        yield took


def timed(chunks: Iterator[Any]) -> float | None:
    """Return the seconds of one chunk, or None where there is no more."""
    began = time.perf_counter()
    return None if next(chunks, None) is None else time.perf_counter() - began


def opened(overrides: list[str], place: Path) -> TrainingLoop:
    """Return a run that is ready to train."""
    config = compose(overrides)
    experiment = build(config)
    session = RunSession(
        experiment, RunFolder.create(place, "epochs", config, [], command=[]), lambda _: Noop()
    )
    run = TrainingLoop([session], open_data(experiment, quiet=True))
    session.start()
    run.compile()
    return run


def alone(run: TrainingLoop) -> Iterator[Any]:
    """Train for one epoch by the run's own program on one batch again and again, yielding after every chunk."""
    steps, length = run.progress.per_epoch, -(-run.progress.per_epoch // ROWS_PER_EPOCH)
    window = next(run.dataset.train.windows(0))
    order = jnp.tile(jnp.arange(run.data.batch_size), steps)
    for first in range(0, steps, length):
        last = min(first + length, steps)
        metrics, _ = run.train_chunk(window, order, 0, 0, first, last)
        yield metrics
