"""Measures the accuracy after numbers of steps, over self-couplings and margins."""

from itertools import product
from pathlib import Path
from typing import Any

from reproduction.receipts import read_runs, require_runs
from reproduction.retesting import spread_over

SELF_COUPLINGS, MARGINS = (0.0, 0.25, 0.5), (0.7, 1.4, 2.8)
STEPS = (1, 2, 4, 6, 8, 32)
RECALL = "dynamics.infer.recall.steps"


def network(self_coupling: float, margin: float) -> str:
    """Return the overrides of a network with this J_D and this κ."""
    hidden = f"model.layers.hidden.j_d={self_coupling} model.layers.hidden.threshold={margin}"
    learned = f"{hidden} model.adapters.w_in.threshold={margin}"
    size = "model.features=400 runner.epochs=8 data.validation=0"
    return f"+experiment=entangled_mnist {size} {learned}"


def margins_by_steps(outputs: Path) -> list[dict[str, Any]]:
    """Label-clamped perceptron: test accuracy by steps at inference, self-coupling and margin.

    Entangled MNIST, one layer of 400 units, 8 epochs; κ is that of the couplings and of the input
    weights. The readout was trained with the states after five steps without the label. Mean ±
    standard deviation over three seeds, by `Run.evaluate_over`.
    """
    found = read_runs(outputs)
    rows = []
    for self_coupling, margin in product(SELF_COUPLINGS, MARGINS):
        runs = require_runs(found, outputs, network(self_coupling, margin))
        accuracies = spread_over(runs, RECALL, STEPS)
        cells: dict[str, Any] = {"J_D": self_coupling, "κ": margin}
        for steps, accuracy in zip(STEPS, accuracies, strict=True):
            cells["one step" if steps == 1 else f"{steps} steps"] = accuracy
        rows.append(cells)
    return rows
