"""Measures the accuracy on disturbed images after different numbers of steps of relaxation."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from darnax.laboratory.reopening import reopen
from darnax.learning import evaluate_step
from darnax.phases import Phase
from darnax.runner.trained_network import load_trained_network
from reproduction.receipts import cut_off_epoch, identity_of_row, read_runs

RUN = "+experiment=mnist_chain data.validation=0"
STEPS = (1, 2, 3, 4, 6, 10)
BATCH = 500
Images = np.ndarray[Any, Any]

evaluate = eqx.filter_jit(evaluate_step)


def add_speckles(images: Images, rng: np.random.Generator, fraction: float) -> Images:
    """Return the images with a fraction of the pixels replaced by black or white."""
    is_replaced = rng.random(images.shape) < fraction
    return np.where(is_replaced, 255 * rng.integers(0, 2, images.shape), images)


def add_noise(images: Images, rng: np.random.Generator, sd: float) -> Images:
    """Return the images with Gaussian noise of this standard deviation."""
    return np.clip(images + rng.normal(0, sd, images.shape), 0, 255)


def cover_square(images: Images, rng: np.random.Generator, width: int) -> Images:
    """Return the images with a black square of this width at a random position."""
    images = images.copy()
    corners = rng.integers(0, images.shape[1] - width + 1, (len(images), 2))
    for image, (row, column) in zip(images, corners, strict=True):
        image[row : row + width, column : column + width] = 0
    return images


DISTURBANCES: Mapping[str, Callable[[Images, np.random.Generator], Images]] = {
    "none": lambda images, _: images,
    "5 % of the pixels black or white": lambda images, rng: add_speckles(images, rng, 0.05),
    "10 %": lambda images, rng: add_speckles(images, rng, 0.1),
    "20 %": lambda images, rng: add_speckles(images, rng, 0.2),
    "Gaussian noise, a quarter of white": lambda images, rng: add_noise(images, rng, 64.0),
    "a black square of 8×8 pixels somewhere": lambda images, rng: cover_square(images, rng, 8),
    "of 12×12": lambda images, rng: cover_square(images, rng, 12),
}


def recall(outputs: Path) -> list[dict[str, Any]]:
    """Accuracy of a trained `mnist_chain` (seed 0) on disturbed test images, by steps of recall."""
    run = read_runs(outputs).get(identity_of_row(RUN, 0))
    if run is None or cut_off_epoch(run):
        what = f"{outputs}: there is no finished run of this network yet"
        sys.exit(f"{what}; train it with: darnax train {RUN} seed=0")
    experiment, dataset, folder, runs = reopen(run.path, [], "the measurement of disturbed images")
    network = runs.network(load_trained_network(runs, folder).train_state.arrays)
    (window,) = dataset.test.windows(None)
    images, classes = np.asarray(window.inputs, np.float32), np.asarray(window.targets)

    def accuracy(images: Images, steps: int) -> float:
        phases = {"recall": Phase(start="blank", messages="forward", steps=steps)}
        right = 0
        for first in range(0, len(images), BATCH):
            x = experiment.data.encode(jnp.asarray(images[first : first + BATCH], jnp.float32))
            scores = evaluate(network, experiment.state, phases, x, jax.random.key(0))
            right += int(np.sum(np.argmax(scores, axis=1) == classes[first : first + BATCH]))
        return right / len(images)

    def curve(images: Images) -> dict[str, str]:
        return {f"after {steps}": f"{accuracy(images, steps):.4f}" for steps in STEPS}

    rows = []
    for name, disturb in DISTURBANCES.items():
        disturbed = disturb(images, np.random.default_rng(0))
        rows.append({"disturbance": name} | curve(disturbed))
    return rows
