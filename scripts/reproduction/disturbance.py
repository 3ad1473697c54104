"""Measures the accuracy on disturbed images after different numbers of steps of relaxation."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from darnax.phases import Phase
from reproduction.receipts import cut_off_epoch, identity_of_row, read_runs
from reproduction.trained import Images, open_trained

RUN = "+experiment=mnist_chain data.validation=0"
STEPS = (1, 2, 3, 4, 6, 10)


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
    trained = open_trained(run, "the measurement of disturbed images")

    def accuracy(images: Images, steps: int) -> float:
        phases = {"recall": Phase(start="blank", messages="forward", steps=steps)}
        return trained.accuracy(trained.network, images, phases, jax.random.key(0))

    def curve(images: Images) -> dict[str, str]:
        return {f"after {steps}": f"{accuracy(images, steps):.4f}" for steps in STEPS}

    rows = []
    for name, disturb in DISTURBANCES.items():
        disturbed = disturb(trained.images, np.random.default_rng(0))
        rows.append({"disturbance": name} | curve(disturbed))
    return rows
