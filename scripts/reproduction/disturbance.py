"""Accuracy on disturbed images as a function of the number of recall steps."""

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
from darnax.relaxation import Phase
from darnax.runner.trained import load_learner
from reproduction.receipts import cut, ended, wanted

RUN = "+experiment=mnist_chain data.validation=0"
STEPS = (1, 2, 3, 4, 6, 10)
BATCH = 500
Images = np.ndarray[Any, Any]

evaluate = eqx.filter_jit(evaluate_step)


def speckled(images: Images, rng: np.random.Generator, fraction: float) -> Images:
    return np.where(
        rng.random(images.shape) < fraction, 255 * rng.integers(0, 2, images.shape), images
    )


def noisy(images: Images, rng: np.random.Generator, sd: float) -> Images:
    return np.clip(images + rng.normal(0, sd, images.shape), 0, 255)


def covered(images: Images, rng: np.random.Generator, width: int) -> Images:
    images = images.copy()
    for image, (row, column) in zip(
        images, rng.integers(0, images.shape[1] - width + 1, (len(images), 2)), strict=True
    ):
        image[row : row + width, column : column + width] = 0
    return images


DISTURBANCES: Mapping[str, Callable[[Images, np.random.Generator], Images]] = {
    "none": lambda images, _: images,
    "5 % of the pixels black or white": lambda images, rng: speckled(images, rng, 0.05),
    "10 %": lambda images, rng: speckled(images, rng, 0.1),
    "20 %": lambda images, rng: speckled(images, rng, 0.2),
    "Gaussian noise, a quarter of white": lambda images, rng: noisy(images, rng, 64.0),
    "a black square of 8×8 pixels somewhere": lambda images, rng: covered(images, rng, 8),
    "of 12×12": lambda images, rng: covered(images, rng, 12),
}


def recall(outputs: Path) -> list[dict[str, Any]]:
    """Accuracy of a trained `mnist_chain` (seed 0) on disturbed test images, after 1 to 10
    steps of recall.
    """
    run = ended(outputs).get(wanted(RUN, 0))
    if run is None or cut(run):
        sys.exit(
            f"{outputs}: no such network is trained to its end there yet; darnax train {RUN} seed=0 makes one"
        )
    experiment, dataset, folder, programs = reopen(
        run.path, [], "the measurement of disturbed images"
    )
    network = programs.network(load_learner(programs, folder).learner.arrays)
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

    return [
        {"disturbance": name} | curve(disturb(images, np.random.default_rng(0)))
        for name, disturb in DISTURBANCES.items()
    ]
