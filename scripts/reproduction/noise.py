"""Compares networks that were trained on disturbed images, in pairs by seed."""

from pathlib import Path
from typing import Any

from reproduction.accuracies import read_accuracies
from reproduction.receipts import read_runs, require_runs
from reproduction.retesting import spread_over
from reproduction.rows.disturbed import (
    CONTENDERS,
    DISTURBANCES,
    DISTURBED_SETS,
    ONE_STEP_ONLY,
    SIX_STEPS,
    disturbed,
)
from reproduction.spread import compare_pairs, format_spread

Rows = list[dict[str, Any]]
SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
# Disturbance -> the key that takes the share; training had a share of 0.2.
KEYS = dict(
    zip(DISTURBANCES, ("data.disturb.noise.share", "data.disturb.occlude.share"), strict=True)
)


def noise_and_occlusion(outputs: Path) -> Rows:
    """Networks that were trained and tested on disturbed images: test accuracy.

    2000 hidden units each, 10 epochs, the settings of clean images; a readout of its own for each
    number of steps. The difference is that of six steps and one, in percentage points, paired by
    seed, with its 95 % interval and the p of the paired t-test, not corrected for the number of
    tests. Mean ± standard deviation over three seeds.
    """
    found = read_runs(outputs)
    rows = []
    for data, name in DISTURBED_SETS.items():
        for disturbance in DISTURBANCES:
            scores = {}
            for contender in CONTENDERS:
                overrides = disturbed(data, contender, disturbance)
                scores[contender] = read_accuracies(found, outputs, overrides)
            cells = {contender: format_spread(values, 4) for contender, values in scores.items()}
            difference, p = compare_pairs(scores[SIX_STEPS], scores[ONE_STEP_ONLY])
            cells |= {"six − one": difference, "p": p}
            rows.append({"images": f"{name}, {disturbance}"} | cells)
    return rows


def trained_on_noise(outputs: Path) -> Rows:
    """Networks that were trained on images with a fifth disturbed, tested on other shares.

    MNIST; the networks of the table above. Mean ± standard deviation over three seeds, by
    `Run.evaluate_over`.
    """
    found = read_runs(outputs)
    rows = []
    for disturbance, key in KEYS.items():
        columns = {}
        for contender in CONTENDERS:
            runs = require_runs(found, outputs, disturbed("mnist", contender, disturbance))
            columns[contender] = spread_over(runs, key, SHARES)
        kind = disturbance.removeprefix("a fifth of the ")
        for position, share in enumerate(SHARES):
            cells = {name: spreads[position] for name, spreads in columns.items()}
            rows.append({"disturbed": kind, "share": share} | cells)
    return rows
