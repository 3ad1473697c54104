"""Measures the completion of digits: the missing pixels alone, by rounds of filling in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from darnax.data.disturbances import Occlude
from darnax.laboratory.reopening import reopen
from darnax.learning import evaluate_step
from darnax.runner.trained_network import load_trained_network
from reproduction.receipts import Run, read_runs, require_runs
from reproduction.rows.completion import LOOP, MASKS, completing
from reproduction.spread import compare_pairs, format_spread

ROUNDS = (1, 2, 4, 32)  # at inference, in the place of eight
HIDDEN = {
    "half of the pixels": Occlude(0.5, part="pixels"),
    "80 % of the pixels": Occlude(0.8, part="pixels"),
    "a band over 30 % of the rows": Occlude(0.3, part="window"),
}
evaluate = eqx.filter_jit(evaluate_step)


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
            scores[name] = [missing_right(run, mask) for run in runs]
            if name == LOOP:
                scores |= by_rounds(runs, mask)
        for name, values in scores.items():
            difference, p = compare_pairs(scores[LOOP], values) if name != LOOP else ("", "")
            cells = {"unknown": mask, "network": name, "right": format_spread(values, 4)}
            rows.append(cells | {"difference": difference, "p": p})
    return rows


def by_rounds(runs: list[Run], mask: str) -> Mapping[str, list[float]]:
    """Return the scores of the network that fills in after other numbers of rounds."""
    scores = {}
    for rounds in ROUNDS:
        name = f"{LOOP}, {rounds} at inference"
        override = f"dynamics.infer.loop.steps={rounds}"
        scores[name] = [missing_right(run, mask, override) for run in runs]
    return scores


def missing_right(run: Run, mask: str, *overrides: str) -> float:
    """Return the fraction of the missing pixels of the test images that a network has right."""
    experiment, dataset, folder, runs = reopen(run.path, list(overrides), "completion")
    network = runs.network(load_trained_network(runs, folder).train_state.arrays)
    right = missing = 0
    for window in dataset.test.windows(None):
        images = experiment.data.encode.clean(jnp.asarray(window.inputs))
        shown = hide(images, mask)
        phases, key = experiment.infer, jax.random.key(0)
        scores = evaluate(network, experiment.state, phases, shown, key)
        is_missing = np.asarray(shown == 0)
        is_right = np.asarray((scores >= 0) == (images > 0))
        right += int(np.sum(is_right & is_missing))
        missing += int(np.sum(is_missing))
    return right / missing


def hide(images: Array, mask: str) -> Array:
    """Return the images with a part of each unknown, that is 0."""
    keys = jax.random.split(jax.random.key(7), len(images))
    return jax.vmap(HIDDEN[mask])(images, keys)
