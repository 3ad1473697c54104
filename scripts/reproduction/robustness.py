"""Measures the accuracy of trained networks on disturbed test images, and draws it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reproduction.plot import Curve, Panel, draw
from reproduction.receipts import read_runs, require_runs
from reproduction.retesting import spread_over
from reproduction.spread import read_spreads

NETWORKS = {
    "mnist_chain": "+experiment=mnist_chain data.validation=0",
    "mnist_error": "+experiment=mnist_error data.validation=0",
}
SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
# Columns of the table -> the key that takes the share, and what is fixed beside it.
NOISE, WINDOW = "salt and pepper", "black window"
DISTURBANCES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    NOISE: ("data.disturb.noise.share", ("+data.disturb.noise.kind=salt_and_pepper",)),
    WINDOW: ("data.disturb.occlude.share", ("+data.disturb.occlude.part=window",)),
}
TITLES = {
    NOISE: "share of the pixels that become black or white",
    WINDOW: "share of the image under a black window",
}


def robustness(outputs: Path) -> list[dict[str, Any]]:
    """Accuracy of networks that were trained on clean images, on disturbed test images.

    Salt and pepper: every pixel is drawn with the probability of the first column, and becomes
    black or white with equal probability. Black window: one window at a random place covers this
    share of the image; its sides are √share of those of the image. Mean ± standard deviation over
    three seeds, by `Run.evaluate_over`.
    """
    found = read_runs(outputs)
    columns: dict[str, list[str]] = {}
    for disturbance, (key, fixed) in DISTURBANCES.items():
        for network, overrides in NETWORKS.items():
            runs = require_runs(found, outputs, overrides)
            columns[f"{network}, {disturbance}"] = spread_over(runs, key, SHARES, fixed)
    rows = []
    for position, share in enumerate(SHARES):
        cells = {column: values[position] for column, values in columns.items()}
        rows.append({"share": share} | cells)
    return rows


def draw_robustness(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the table as a picture: one panel for each disturbance, one curve for each network."""
    shares = [float(row["share"]) for row in rows]
    panels = []
    for disturbance, title in TITLES.items():
        curves = []
        for network in NETWORKS:
            cells = [str(row[f"{network}, {disturbance}"]) for row in rows]
            means, errors = read_spreads(cells)
            curves.append(Curve(network, shares, means, errors))
        panels.append(Panel(title, curves))
    return draw(panels, "test accuracy")
