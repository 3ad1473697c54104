"""Measures the completion of digits: the missing pixels alone, by rounds of filling in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from darnax.data import Pipeline
from reproduction.receipts import Run, read_runs, require_runs
from reproduction.rows.completion import LOOP, MASKS, completing
from reproduction.spread import compare_pairs, format_spread
from reproduction.trained import evaluate, open_trained

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


def by_rounds(runs: list[Run]) -> Mapping[str, list[float]]:
    """Return the scores of the network that fills in after other numbers of rounds."""
    scores = {}
    for rounds in ROUNDS:
        name = f"{LOOP}, {rounds} at inference"
        override = f"dynamics.infer.loop.steps={rounds}"
        scores[name] = [missing_right(run, override) for run in runs]
    return scores


def missing_right(run: Run, *overrides: str) -> float:
    """Return the fraction of the missing pixels of the test images that a network has right."""
    trained = open_trained(run, "completion", overrides)
    experiment = trained.experiment
    images = experiment.data.encode.clean(jnp.asarray(trained.images))
    shown = hide(images, experiment.data.encode)
    phases, key = experiment.infer, jax.random.key(0)
    scores = evaluate(trained.network, experiment.state, phases, shown, key)
    is_missing = np.asarray(shown == 0)
    is_right = np.asarray((scores >= 0) == (images > 0))
    return int(np.sum(is_right & is_missing)) / int(np.sum(is_missing))


def hide(images: Array, encode: Pipeline) -> Array:
    """Return the images with a part of each unknown, that is 0, by the stage of the run."""
    stage = encode.stages[encode.names.index("data.disturb.hide")]
    return jax.vmap(stage)(images, jax.random.split(jax.random.key(7), len(images)))
