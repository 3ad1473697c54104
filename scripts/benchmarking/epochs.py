"""What data cost: an epoch from memory and one from disk, beside the same training steps on batches that are there already."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarking.measure import fastest
from darnax.builder import build
from darnax.cli.hydra_adapter import compose
from darnax.data import open_dataset
from darnax.data.preparing import GIB
from darnax.runner.lane import Lane
from darnax.runner.run_folder import RunFolder
from darnax.runner.train import ROWS_PER_EPOCH, Run
from darnax.tracking import Noop

EXPERIMENTS = ("mnist_sparse", "mnist_chain")
HELD = 0.5  # of the whole set is what a streamed run may hold in memory
READY = 8  # batches, encoded


def measure_epochs(name: str, seconds: float) -> dict[str, Any]:
    """Return the seconds of an epoch of a shipped experiment: its steps alone, with data from memory, and from disk."""
    config = compose([f"+experiment={name}"])
    with TemporaryDirectory() as place:
        resident = opened(config, Path(place), 2.0)
        examples = len(resident.dataset.train) + len(resident.dataset.test)
        streamed = opened(config, Path(place), HELD * examples * int(np.prod(config["data"]["shape"])) / GIB)
        took = fastest({"steps": alone(resident), "resident": whole(resident), "streamed": whole(streamed)}, seconds)
    ratios = {"of_steps": took["resident"] / took["steps"], "of_resident": took["streamed"] / took["resident"]}
    return {"case": name} | took | ratios


def opened(config: Mapping[str, Any], place: Path, memory_gib: float) -> Run:
    """Return a run that is ready to train, its set in memory or, where that is too small, streamed."""
    experiment = build(config)
    data = experiment.data
    dataset = open_dataset(data.name, directory=data.directory, memory_gib=memory_gib, seed=experiment.seed)
    lane = Lane(experiment, RunFolder.create(place, "epochs", config, [], command=[]), lambda _: Noop())
    run = Run([lane], dataset)
    lane.start()
    run.compile()
    return run


def whole(run: Run) -> Callable[[], None]:
    """Return what trains the next epoch, as a run does, without evaluation."""

    def epoch() -> None:
        for _ in run.chunks():
            pass

    return epoch


def alone(run: Run) -> Callable[[], None]:
    """Return the training steps of one epoch, on a few batches that were encoded before: no order, no gather, no encoding."""
    recipe, steps = run.programs.recipe, run.progress.per_epoch
    window = next(run.dataset.train.windows(0))
    encoded = recipe.batch(window.inputs, window.targets, jnp.arange(READY * recipe.batch_size))
    xs, ys = (array.reshape(READY, recipe.batch_size, *array.shape[1:]) for array in encoded)

    @jax.jit
    def chunk(recipe: Any, learner: Any, xs: Any, ys: Any, noise: Any, first: Any, last: Any) -> Any:
        def turn(index: Any, carry: Any) -> Any:
            learner, metrics = recipe.step(carry[0], xs[index % READY], ys[index % READY], jax.random.fold_in(noise, index))
            return learner, jax.tree.map(jnp.add, carry[1], metrics)

        shapes = jax.eval_shape(recipe.step, learner, xs[0], ys[0], noise)[1]
        blank = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), shapes)
        return jax.lax.fori_loop(first, last, turn, (learner, blank))

    length = -(-steps // ROWS_PER_EPOCH)

    def epoch() -> None:
        learner = run.learner
        for first in range(0, steps, length):
            place = np.int32(first), np.int32(min(first + length, steps))
            learner, metrics = chunk(recipe, learner, xs, ys, run.keys.noise, *place)
            jax.device_get(metrics)

    epoch()  # compiles
    return epoch
