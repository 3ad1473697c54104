"""Measures the completion of digits: missing pixels, and the class, by rounds of filling in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from darnax.data import Pipeline
from darnax.data.idx import read_pair
from darnax.data.image_memories import BUNDLED
from reproduction.receipts import Run, read_accuracies, read_runs, require_runs
from reproduction.rows.completion import (
    LOOP,
    MASKS,
    UNKNOWN,
    class_alone,
    completing,
    completing_with_class,
)
from reproduction.spread import compare_pairs, format_spread
from reproduction.trained import evaluate, open_trained

T = TypeVar("T")
ROUNDS = (1, 2, 4, 32)  # at inference, in the place of eight
PIXELS = 784  # of an image; the entries after them are the class


def completion(outputs: Path) -> list[dict[str, Any]]:
    """Completion of digits: the fraction of the missing pixels that are right.

    The networks of the section *Completion of digits*, on the test images, of which each has one
    mask for all networks. The difference is that of eight rounds and this row, in percentage
    points, with its 95 % interval and the p of the paired t-test, not corrected for the number of
    tests. *At inference*: the networks of the first row, after another number of rounds. Mean ±
    standard deviation over three seeds.
    """
    found = read_runs(outputs)
    rows = []
    for mask in MASKS:
        scores = {}
        for name, overrides in completing(mask).items():
            runs = require_runs(found, outputs, overrides)
            scores[name] = [missing_right(run) for run in runs]
            if name == LOOP:
                scores |= by_rounds(runs, missing_right)
        for name, values in scores.items():
            difference, p = compare_pairs(scores[LOOP], values) if name != LOOP else ("", "")
            cells = {"unknown": mask, "network": name, "right": format_spread(values, 4)}
            rows.append(cells | {"difference": difference, "p": p})
    return rows


def by_rounds(runs: list[Run], measure: Callable[[Run, str], T]) -> dict[str, list[T]]:
    """Return what is measured of the network that fills in, after other numbers of rounds."""
    scores = {}
    for rounds in ROUNDS:
        override = f"dynamics.infer.loop.steps={rounds}"
        scores[f"{LOOP}, {rounds} at inference"] = [measure(run, override) for run in runs]
    return scores


def missing_right(run: Run, *overrides: str) -> float:
    """Return the fraction of the missing pixels of the test images that a network has right."""
    scores, shown, images = complete(run, *overrides)
    return fraction_right(scores, images, shown == 0)


def complete(run: Run, *overrides: str) -> tuple[Array, Array, Array]:
    """Return what a network completes the test images to, what it is shown, and the images."""
    trained = open_trained(run, "completion", overrides)
    experiment = trained.experiment
    images = experiment.data.encode.clean(jnp.asarray(trained.images))
    shown = hide(images, experiment.data.encode)
    phases, key = experiment.infer, jax.random.key(0)
    scores = evaluate(trained.network, experiment.state, phases, shown, key)
    return scores, shown, images


def fraction_right(scores: Array, images: Array, is_missing: Array) -> float:
    """Return the fraction of the missing pixels with the right sign."""
    is_right = (scores >= 0) == (images > 0)
    return int(jnp.sum(is_right & is_missing)) / int(jnp.sum(is_missing))


def completion_with_class(outputs: Path) -> list[dict[str, Any]]:
    """Completion of digits and of their class: the missing pixels that are right, and the classes.

    The networks of the section *Completion of digits with their class*, on the test images. The
    class is the largest of its ten outputs. Differences are those of eight rounds and this row, in
    percentage points, with the 95 % interval and the p of the paired t-test, not corrected for the
    number of tests. *At inference*: the networks of the first row, after another number of rounds.
    *The class alone*: networks that are not asked for the pixels, in one pass. Mean ± standard
    deviation over three seeds.
    """
    found = read_runs(outputs)
    rows = []
    for unknown in UNKNOWN:
        scores: dict[str, list[tuple[float, float]]] = {}
        for name, overrides in completing_with_class(unknown).items():
            runs = require_runs(found, outputs, overrides)
            scores[name] = [pixels_and_class_right(run) for run in runs]
            if name == LOOP:
                scores |= by_rounds(runs, pixels_and_class_right)
        for name, pairs in scores.items():
            cells = {"unknown": unknown, "network": name}
            for position, what in enumerate(("pixels", "class")):
                ones = [pair[position] for pair in scores[LOOP]]
                others = [pair[position] for pair in pairs]
                difference, p = compare_pairs(ones, others) if name != LOOP else ("", "")
                cells[what] = format_spread(others, 4)
                cells |= {f"difference, {what}": difference, f"p, {what}": p}
            rows.append(cells)
        of_rounds = [pair[1] for pair in scores[LOOP]]
        for name, overrides in class_alone(unknown).items():
            found_class = read_accuracies(found, outputs, overrides)
            difference, p = compare_pairs(of_rounds, found_class)
            cells = {"unknown": unknown, "network": f"the class alone, {name}"}
            cells |= {"pixels": "", "difference, pixels": "", "p, pixels": ""}
            cells |= {"class": format_spread(found_class, 4)}
            rows.append(cells | {"difference, class": difference, "p, class": p})
    return rows


def pixels_and_class_right(run: Run, *overrides: str) -> tuple[float, float]:
    """Return the fractions of the missing pixels and of the classes that are right."""
    scores, shown, images = complete(run, *overrides)
    pixels = slice(0, PIXELS)
    right = fraction_right(scores[:, pixels], images[:, pixels], shown[:, pixels] == 0)
    _, classes = read_pair(BUNDLED, "test")
    is_class = np.argmax(np.asarray(scores[:, PIXELS:]), axis=1) == classes
    return right, float(np.mean(is_class))


def hide(images: Array, encode: Pipeline) -> Array:
    """Return the images with a part of each unknown, that is 0, by the stage of the run."""
    stage = encode.stages[encode.names.index("data.disturb.hide")]
    return jax.vmap(stage)(images, jax.random.split(jax.random.key(7), len(images)))
