"""A trained network with its test images, and its accuracy on images as they are given."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from darnax.data import Pipeline
from darnax.laboratory.reopening import reopen
from darnax.learning import evaluate_step
from darnax.orchestrators import Orchestrator
from darnax.phases import Phase
from darnax.runner.experiment import Experiment
from darnax.runner.trained_network import load_trained_network
from reproduction.receipts import Run

BATCH = 500
Images = np.ndarray[Any, Any]

evaluate = eqx.filter_jit(evaluate_step)


@eqx.filter_jit
def encode_batch(encode: Pipeline, images: Array, index: Array) -> Array:
    """Return encoded images, of which each has its index in the split."""
    return encode(images, index=index)


class Trained(NamedTuple):
    """The experiment of a run, its last network, and its test images and their targets."""

    experiment: Experiment
    network: Orchestrator
    images: Images
    targets: np.ndarray[Any, Any]

    def accuracy(
        self,
        network: Orchestrator,
        images: Images,
        phases: Mapping[str, Phase],
        key: jax.Array,
    ) -> float:
        """Return the accuracy of a network with these images and phases of inference."""
        data, right = self.experiment.data, 0
        for first in range(0, len(images), BATCH):
            batch = jnp.asarray(images[first : first + BATCH], jnp.float32)
            # Every image has the disturbance that it has in an evaluation.
            x = encode_batch(data.encode, batch, jnp.arange(first, first + len(batch)))
            own_key = jax.random.fold_in(key, first)
            scores = evaluate(network, self.experiment.state, phases, x, own_key)
            right += int(np.sum(np.argmax(scores, axis=1) == self.targets[first : first + BATCH]))
        return right / len(images)


def open_trained(run: Run, purpose: str, overrides: Sequence[str] = ()) -> Trained:
    """Open the network of a run; `purpose` stands in the messages about its data."""
    experiment, dataset, folder, runs = reopen(run.path, overrides, purpose)
    network = runs.network(load_trained_network(runs, folder).train_state.arrays)
    (window,) = dataset.test.windows(None)
    images, targets = np.asarray(window.inputs, np.float32), np.asarray(window.targets)
    return Trained(experiment, network, images, targets)
