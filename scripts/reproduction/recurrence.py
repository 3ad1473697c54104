"""Measures what steps at inference do: where couplings learn, and for other learning rules."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

from reproduction.accuracies import read_accuracies
from reproduction.receipts import read_runs, require_runs
from reproduction.retesting import scores_over, spread_over
from reproduction.rows.couplings import (
    AS_MANY,
    BACKPROPAGATION,
    COUPLED_SETS,
    DISTURBED_IMAGES,
    FLIPPED_INPUTS,
    FROZEN_J,
    LEARNED,
    NO_COUPLINGS,
    on_disturbed,
    on_flipped,
    with_couplings,
)
from reproduction.rows.rules import RULES
from reproduction.spread import compare_pairs, format_pairs, format_spread

Rows = list[dict[str, Any]]
STEPS = (1, 2, 3, 4, 6, 8, 12, 50)
MAX_STEPS = "dynamics.infer.step.max_steps"
SHORT = {
    LEARNED: "couplings learn",
    FROZEN_J: "random",
    NO_COUPLINGS: "none",
    AS_MANY: "as many",
    BACKPROPAGATION: "backpropagation",
}
RELAXING = ("equilibrium propagation", "contrastive Hebbian learning")
FREE, FREE_STEPS = "dynamics.infer.free.steps", (1, 2, 4, 8, 12, 32)


def couplings_that_learn(outputs: Path) -> Rows:
    """Couplings that learn against the others: test accuracy, and the difference in pairs by seed.

    The networks of the section *Couplings that learn*. The difference is that of couplings that
    learn and this row, in percentage points, with its 95 % interval and the p of the paired t-test,
    not corrected for the number of tests. Mean ± standard deviation over three seeds.
    """
    found = read_runs(outputs)
    rows: Rows = []
    for data, name in COUPLED_SETS.items():
        networks = with_couplings(data).items()
        scores = {what: read_accuracies(found, outputs, overrides) for what, overrides in networks}
        for what, values in scores.items():
            cells = {"network": f"{name}: {what}", "accuracy": format_spread(values, 4)}
            difference, p = compare_pairs(scores[LEARNED], values) if what != LEARNED else ("", "")
            rows.append(cells | {"difference": difference, "p": p})
    return rows


def couplings_on_disturbed_images(outputs: Path) -> Rows:
    """Couplings that learn, on disturbed images: test accuracy, with differences in pairs by seed.

    The networks of the section *Couplings that learn, on disturbed images*; *as many* are more
    units without couplings, with as many weights. Differences are those of couplings that learn and
    the other network, in percentage points, with the 95 % interval and the p of the paired t-test,
    not corrected for the number of tests. Mean ± standard deviation over three seeds.
    """
    sets = {images: on_disturbed(images) for images in DISTURBED_IMAGES}
    return compare_couplings("images", sets, outputs)


def couplings_on_flipped_inputs(outputs: Path) -> Rows:
    """Couplings that learn, on flipped inputs: test accuracy, with differences in pairs by seed.

    The networks of the section *Couplings that learn, on flipped inputs*; columns as for disturbed
    images. Mean ± standard deviation over three seeds.
    """
    sets = {inputs: on_flipped(inputs) for inputs in FLIPPED_INPUTS}
    return compare_couplings("inputs", sets, outputs)


def compare_couplings(column: str, sets: Mapping[str, Mapping[str, str]], outputs: Path) -> Rows:
    """Return a row for every set: the accuracies of its networks, and differences in pairs."""
    found = read_runs(outputs)
    rows: Rows = []
    for name, networks in sets.items():
        scores = {}
        for what, overrides in networks.items():
            scores[what] = read_accuracies(found, outputs, overrides)
        cells = {SHORT[what]: format_spread(values, 4) for what, values in scores.items()}
        for what in (NO_COUPLINGS, AS_MANY):
            difference, p = compare_pairs(scores[LEARNED], scores[what])
            cells |= {f"learn − {SHORT[what]}": difference, f"p, {SHORT[what]}": p}
        rows.append({column: name} | cells)
    return rows


def couplings_by_steps(outputs: Path) -> Rows:
    """Couplings that learn: test accuracy of the trained networks after fewer steps at inference.

    400 units. The readout is that of the fixed point; training had 12 steps. Mean ± standard
    deviation over three seeds, by `Run.evaluate_over`. *50 − 1*: the difference in percentage
    points, paired by seed, with its 95 % interval and the p of the paired t-test.
    """
    found = read_runs(outputs)
    rows: Rows = [{"steps, at most": steps} for steps in STEPS]
    gain: dict[str, Any] = {"steps, at most": f"{STEPS[-1]} − {STEPS[0]}"}
    kinds = {LEARNED: "they learn", FROZEN_J: "they do not"}
    for (data, name), (what, kind) in product(COUPLED_SETS.items(), kinds.items()):
        runs = require_runs(found, outputs, with_couplings(data)[what])
        column, scores = f"{name}, {kind}", scores_over(runs, MAX_STEPS, STEPS)
        for cells, of_steps in zip(rows, scores, strict=True):
            cells[column] = format_spread(of_steps, 4)
        gain[column] = format_pairs(scores[-1], scores[0])
    return [*rows, gain]


def rules_by_steps(outputs: Path) -> Rows:
    """Rules that relax at inference: test accuracy of the trained networks by steps at inference.

    MNIST, one hidden layer of 1000 units, from a blank state; training and its own inference have
    12 steps. Mean ± standard deviation over three seeds, by `Run.evaluate_over`.
    """
    found = read_runs(outputs)
    rows: Rows = [{"steps": steps} for steps in FREE_STEPS]
    for row in RULES.rows:
        if row.what not in RELAXING:
            continue
        runs = require_runs(found, outputs, row.overrides)
        for cells, accuracy in zip(rows, spread_over(runs, FREE, FREE_STEPS), strict=True):
            cells[row.what] = accuracy
    return rows
