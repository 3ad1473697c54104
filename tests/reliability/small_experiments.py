"""Small versions of the shipped experiments, and checks of accepted configurations."""

from functools import cache
from typing import Any

import jax
import numpy as np

from darnax.builder import build
from darnax.composing import config_folders
from darnax.composing.composer import compose
from darnax.data import Dataset, Resident
from darnax.errors import RequestError
from darnax.laboratory.data_opening import require_fitting_data
from darnax.laboratory.fitted_encoding import fit_encoding
from darnax.runner.programs import ParallelRuns, evaluate_window, shuffle, train_chunk
from darnax.scoring import scoring_phase

WITHOUT_DATA = {"cifar_conv", "cifar_backprop"}  # photographs are no part of the package
SHIPPED = sorted(
    {path.stem for path in (config_folders.packaged_folder() / "experiment").glob("*.yaml")}
    - WITHOUT_DATA
)
SMALLER = {  # where 50 units are not to be had, or too few
    "mnist_conv": ["model.channels=2"],
    "conv_error": ["model.channels=2"],
    "mnist_single": ["model.features=400"],
    "memory": ["data.source.units=50"],  # as many units as entries of a pattern
    "memory_capacity": ["data.source.units=50"],
    "memory_dense": ["data.source.units=50"],
    "memory_sparse": ["data.source.units=50"],
    "memory_digits": ["data.source.count=20"],
    "sequence_hebb": ["data.source.frames.units=50"],
}
IMAGES = 40
TASK = [  # a chain that remembers random patterns: a whole run that needs no dataset
    "+experiment=digits_smoke",
    "data=associations",
    "data.per_class=null",
    "~model.adapters.w_in.patch",
    "~model.adapters.w_out.rule",
    "model.features=20",
    "runner.epochs=1",
]


@cache
def composed(name: str) -> dict[str, Any]:
    """Return the configuration of a shipped experiment with few units."""
    return compose(
        [f"+experiment={name}", "data.batch_size=4", *SMALLER.get(name, ["model.features=50"])]
    )


@cache
def digits(classes: int) -> Dataset:
    """Return random images in the format of MNIST."""
    rng = np.random.default_rng(0)
    split = Resident(
        rng.integers(0, 256, (IMAGES, 28, 28, 1), np.uint8),
        np.arange(IMAGES, dtype=np.int32) % classes,
    )
    return Dataset("mnist", split, split, split, tuple(map(str, range(classes))))


def steps(config: dict[str, Any], *, really: bool) -> None:
    """Build, and take a step, either abstractly (shapes only) or numerically.

    Raises RequestError where the configuration is refused, before or after a look at the data.
    """
    experiment = build(config)
    kept = experiment.data.only_classes
    data = (
        experiment.data.source.open()
        if experiment.data.source is not None
        else digits(len(kept) if kept else 10)
    )
    dataset = require_fitting_data(data, experiment.data)
    experiment = fit_encoding(experiment, dataset)
    runs = ParallelRuns([experiment], dataset.train.batches(experiment.data.batch_size))
    window = next(dataset.train.windows(0))

    def run(inputs: jax.Array, targets: jax.Array) -> Any:
        keys, state = runs.keys(), runs.initial_state()
        zero, one = np.int32(0), np.int32(1)
        order = shuffle(keys.order, zero, zero, window.count)
        place = zero, zero, zero, one
        state, metrics, _ = train_chunk(
            runs.program, state, keys.noise, order, inputs, targets, *place
        )
        return metrics, evaluate_window(runs.program, state.arrays, inputs, targets)

    metrics, (right, _) = run(*window[:2]) if really else jax.eval_shape(run, *window[:2])
    # Without a phase that is free of the label there is no training accuracy.
    network = jax.eval_shape(experiment.make_network, jax.random.key(0))
    scored = scoring_phase(network, experiment.train)
    assert ("train/accuracy" in metrics) == (scored is not None)
    assert right.shape[-1] == window.count


def check_message(error: RequestError) -> None:
    """Check that a refusal has a message."""
    assert error.problems
    assert all(
        problem.what.strip() and "Traceback" not in problem.what for problem in error.problems
    ), error
