"""Measures the completion of digits by rounds of filling in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from darnax.data import Pipeline
from darnax.phases import Phase
from reproduction.receipts import Run, read_runs, require_runs
from reproduction.rows.completion import LOOP, MASKS, completing
from reproduction.spread import compare_pairs, format_spread
from reproduction.trained import Trained, evaluate, open_trained

ROUNDS = (1, 2, 4, 32)  # at inference, in the place of eight


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
                scores |= by_rounds(runs)
        for name, values in scores.items():
            difference, p = compare_pairs(scores[LOOP], values) if name != LOOP else ("", "")
            cells = {"unknown": mask, "network": name, "right": format_spread(values, 4)}
            rows.append(cells | {"difference": difference, "p": p})
    return rows


def by_rounds(runs: list[Run]) -> dict[str, list[float]]:
    """Return the scores of the network that fills in, after other numbers of rounds."""
    scores = {}
    for rounds in ROUNDS:
        override = f"dynamics.infer.loop.steps={rounds}"
        name = f"{LOOP}, {rounds} at inference"
        scores[name] = [missing_right(run, override) for run in runs]
    return scores


def missing_right(run: Run, *overrides: str) -> float:
    """Return the fraction of the missing pixels of the test images that a network has right."""
    trained, shown, images = open_shown(run, *overrides)
    scores = evaluate_shown(trained, trained.experiment.infer, shown)
    return fraction_right(scores, images, shown == 0)


def open_shown(run: Run, *overrides: str) -> tuple[Trained, Array, Array]:
    """Return the network of a run, what it is shown of the test images, and the images."""
    trained = open_trained(run, "completion", overrides)
    encode = trained.experiment.data.encode
    images = encode.clean(jnp.asarray(trained.images))
    return trained, hide(images, encode), images


def evaluate_shown(trained: Trained, phases: Mapping[str, Phase], shown: Array) -> Array:
    """Return the scores of a network after these phases of inference."""
    return evaluate(trained.network, trained.experiment.state, phases, shown, jax.random.key(0))


def fraction_right(scores: Array, images: Array, is_missing: Array) -> float:
    """Return the fraction of the missing pixels with the right sign."""
    is_right = (scores >= 0) == (images > 0)
    return int(jnp.sum(is_right & is_missing)) / int(jnp.sum(is_missing))


def hide(images: Array, encode: Pipeline) -> Array:
    """Return the images with a part of each unknown, that is 0, by the stage of the run."""
    stage = encode.stages[encode.names.index("data.disturb.hide")]
    return jax.vmap(stage)(images, jax.random.split(jax.random.key(7), len(images)))
