"""Curves of accuracy against the number of units, the self-coupling and the strength of a chain."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reproduction.plot import Curve, Panel, draw
from reproduction.receipts import read_runs, require_runs
from reproduction.rows.published import ENTANGLED, ONE_STEP
from reproduction.spread import format_spread, read_spreads

Rows = list[dict[str, Any]]
MEASURED = "eval/accuracy"
CHOSEN = "data.validation=5000 runner.epochs=8"
# Networks over H; the reservoir relaxes, but neither J nor the input weights learn.
NETWORKS = {
    "everything learns": ENTANGLED,
    "reservoir": f"{ENTANGLED} +model.adapters.w_in.rule=null +model.layers.hidden.rule=null",
    "random features": f"{ENTANGLED} {ONE_STEP}",
    "backpropagation": "+experiment=entangled_backprop",
}
H, J_D, COUPLING = "H", "J_D", "λ"
ONE_LAYER, TWO_LAYERS = "one layer of 400", "two layers of 400"
VALUES: Mapping[str, Sequence[float]] = {
    H: (100, 200, 400, 800),
    J_D: (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9),
    COUPLING: (0.5, 1.0, 2.0, 3.0, 4.0, 6.0),
}
TITLES = {
    H: "H, units of a layer",
    J_D: "J_D, self-coupling; one layer of 400",
    COUPLING: "λ, coupling of two layers of 400",
}


def curve_points() -> Iterator[tuple[str, str, float, str]]:
    """Yield what is varied, the network, the value, and the overrides of every point."""
    for units in VALUES[H]:
        for network, overrides in NETWORKS.items():
            yield H, network, units, f"{overrides} model.features={units} {CHOSEN}"
    for j_d in VALUES[J_D]:
        words = f"{ENTANGLED} model.features=400 model.layers.hidden.j_d={j_d} {CHOSEN}"
        yield J_D, ONE_LAYER, j_d, words
    chain = "+experiment=entangled_chain model.features=400"
    for strength in VALUES[COUPLING]:
        words = f"{chain} model.adapters.up.strength={strength} {CHOSEN}"
        yield COUPLING, TWO_LAYERS, strength, words


def curves(outputs: Path) -> Rows:
    """Accuracy against H, the self-coupling J_D and the coupling λ of two layers.

    Entangled MNIST, 8 epochs, 5,000 validation images that were not trained on. The points are
    those of `sweep=curve_features`, `curve_coupling` and `curve_lambda`. In the reservoir the
    network relaxes, and only the readout learns; random features are one step without recurrence.
    Margins stay 1.4 while J_D is varied. Mean ± standard deviation over three seeds.
    """
    found = read_runs(outputs)
    rows = []
    for varied, network, value, overrides in curve_points():
        runs = require_runs(found, outputs, overrides)
        accuracy = format_spread([run.value(MEASURED) for run in runs], 4)
        rows.append({"varied": varied, "value": value, "network": network, "accuracy": accuracy})
    return rows


def draw_curves(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the table as a picture: one panel for each quantity, one curve for each network."""
    panels = []
    for varied, title in TITLES.items():
        of_panel = [row for row in rows if row["varied"] == varied]
        found = []
        for network in dict.fromkeys(row["network"] for row in of_panel):
            points = [row for row in of_panel if row["network"] == network]
            means, errors = read_spreads([row["accuracy"] for row in points])
            found.append(Curve(network, [row["value"] for row in points], means, errors))
        panels.append(Panel(title, found))
    return draw(panels, "validation accuracy")
