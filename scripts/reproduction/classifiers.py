"""Measures what steps of inference do in classifiers: over noise, load, margin and J_D."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import jax

from darnax.phases import Phase
from reproduction.accuracies import read_accuracies
from reproduction.memory import column_of, column_of_steps
from reproduction.receipts import Identity, Run, read_runs, require_runs
from reproduction.rows.classifiers import (
    FREER,
    ONE_STEP_FREER,
    ONE_STEP_ONLY,
    RELAXED,
    TASKS,
    cases,
    contenders,
    relaxing_network,
)
from reproduction.spread import compare_pairs, format_pairs, format_spread
from reproduction.trained import open_trained

Rows = list[dict[str, Any]]
STEPS = (1, 2, 4, 8, 32)
SHORT = {
    RELAXED: "six steps",
    ONE_STEP_ONLY: "one step",
    FREER: "six steps, J_D smaller",
    ONE_STEP_FREER: "one step, J_D smaller",
}
PAIRS = {
    "six − one": (SHORT[RELAXED], SHORT[ONE_STEP_ONLY]),
    "six − one, J_D smaller": (SHORT[FREER], SHORT[ONE_STEP_FREER]),
}
MOST = 100  # steps, after which a state counts as at rest


def phases_of_inference() -> Mapping[str, Phase]:
    """Return name of a column -> the phase of inference."""
    start: dict[str, Any] = {"start": "blank", "messages": "forward"}
    phases = {column_of_steps(n): Phase(**start, steps=n) for n in STEPS}
    return phases | {"at rest": Phase(**start, until="fixed_point", max_steps=MOST)}


def classifiers_by_steps(outputs: Path) -> Rows:
    """Classifiers of MNIST by steps of inference: over noise, load, margin and self-coupling.

    The networks *relaxed* of the section *Classifiers over noise and load*, with other margins κ
    and self-couplings J_D; the readout is that of six steps. *At rest* is at the fixed point, or
    after 100 steps. The difference is that of the state at rest and the first step, in percentage
    points, with its 95 % interval and the p of the paired t-test, not corrected for the number of
    tests. Mean ± standard deviation over three seeds.
    """
    return map_of("MNIST", outputs)


def classifiers_by_steps_fashion(outputs: Path) -> Rows:
    """Classifiers of Fashion-MNIST by steps of inference; see those of MNIST."""
    return map_of("Fashion-MNIST", outputs)


def classifiers_by_steps_entangled(outputs: Path) -> Rows:
    """Classifiers of entangled MNIST by steps of inference; see those of MNIST.

    The readout is that of five steps after the label was released.
    """
    return map_of("entangled MNIST", outputs)


def map_of(task: str, outputs: Path) -> Rows:
    """Return the accuracies by steps for every share, load, J_D and κ of a task."""
    found = read_runs(outputs)
    rows: Rows = []
    for name, share, load in cases():
        if name != task:
            continue
        for j_d, margin in product(TASKS[name].self_couplings, TASKS[name].margins):
            network = relaxing_network(name, share, load, j_d, margin)
            runs = require_runs(found, outputs, network)
            measured = [accuracies_by_steps(run) for run in runs]
            cells = {"load": load, "disturbed": column_of(share), "J_D": j_d, "κ": margin}
            rows.append(cells | cells_by_steps(measured))
    return rows


def cells_by_steps(measured: list[dict[str, float]]) -> dict[str, str]:
    """Return the cells of accuracies by steps, of every seed, and of what the steps are worth."""
    scores = {step: [of_run[step] for of_run in measured] for step in measured[0]}
    cells = {step: format_spread(values, 4) for step, values in scores.items()}
    difference, p = compare_pairs(scores["at rest"], scores["1 step"])
    return cells | {"at rest − 1 step": difference, "p": p}


def accuracies_by_steps(run: Run) -> dict[str, float]:
    """Return name of a column -> the accuracy on the test images."""
    trained = open_trained(run, "the map of classifiers")
    found = {}
    for name, phase in phases_of_inference().items():
        phases = {"recall": phase}
        found[name] = trained.accuracy(trained.network, trained.images, phases, jax.random.key(0))
    return found


def classifiers_compared(outputs: Path) -> Rows:
    """Classifiers with and without relaxation: test accuracy.

    The networks of the section *Classifiers over noise and load*; *J_D smaller* has half of κ as
    well. *Six − one* is the difference of six steps and one, each with its own readout, in
    percentage points, with the 95 % interval and the p of the paired t-test, not corrected for the
    number of tests. Mean ± standard deviation over three seeds.
    """
    found = read_runs(outputs)
    rows: Rows = []
    for case in cases():
        scores = read_scores(found, outputs, *case)
        cells = {what: format_spread(values, 4) for what, values in scores.items()}
        for column, (relaxed, once) in PAIRS.items():
            cells[column] = format_pairs(scores[relaxed], scores[once])
        rows.append(case_cells(*case) | cells)
    return rows


def classifiers_differences(outputs: Path) -> Rows:
    """Classifiers with and without relaxation: differences in pairs by seed.

    Those of six steps and the network of the column, in percentage points, with the 95 % interval
    and the p of the paired t-test, not corrected for the number of tests.
    """
    found = read_runs(outputs)
    rows: Rows = []
    for case in cases():
        scores = read_scores(found, outputs, *case)
        for relaxed, _ in PAIRS.values():
            cells = {}
            for what, values in scores.items():
                cells[what] = format_pairs(scores[relaxed], values) if what != relaxed else ""
            rows.append(case_cells(*case) | {"difference": f"{relaxed} − this"} | cells)
    return rows


def read_scores(
    found: Mapping[Identity, Run], outputs: Path, name: str, share: float, load: int
) -> dict[str, list[float]]:
    """Return name of a column -> the accuracies of a network of a case."""
    networks = contenders(name, share, load).items()
    return {
        SHORT.get(what, what): read_accuracies(found, outputs, overrides)
        for what, overrides in networks
    }


def case_cells(name: str, share: float, load: int) -> dict[str, Any]:
    """Return the first cells of a row."""
    return {"images": name, "load": load, "disturbed": column_of(share)}
