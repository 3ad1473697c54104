"""Compares a memory with networks without recurrence, by load and share of flipped entries."""

from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

from reproduction.memory import column_of
from reproduction.receipts import read_runs, require_runs
from reproduction.retesting import scores_over
from reproduction.rows.memory import TRAINED_ON_CUES
from reproduction.rows.memory_load import LOADS, SHARES, stored_at, trained_at
from reproduction.spread import format_pairs, format_spread

Scores = dict[str, tuple[float, ...]]


def memory_by_load(outputs: Path) -> list[dict[str, Any]]:
    """Fraction of patterns recalled whole by load and by the share of the cue that is flipped.

    The networks of the sections *Memory of random patterns and of sequences* and *Memory of random
    patterns by load*: N = 1000. Networks without recurrence were trained with the share of the row,
    and with the settings of α = 0.25 and 20 %; the memories have seen no cue. Every network is that
    of its best evaluation. *Best* is the network without recurrence that recalls most in this row;
    the difference is in percentage points, paired by seed, with its 95 % interval and the p of the
    paired t-test, not corrected for the number of tests, and without both where it is the same for
    all seeds. Mean ± standard deviation over three seeds, by `Run.evaluate_over`.
    """
    found = read_runs(outputs)
    rows: list[dict[str, Any]] = []
    for load, share in product(LOADS, SHARES):
        scores: Scores = {}
        for name, overrides in (stored_at(load) | trained_at(load, share)).items():
            runs = require_runs(found, outputs, overrides)
            (scores[name],) = scores_over(runs, "data.disturb.cue.share", [share])
        cells = {name: format_spread(values, 4) for name, values in scores.items()}
        first = {"α": load, "flipped": column_of(share)}
        rows.append(first | cells | {"relaxed − best": difference_to_best(scores)})
    return rows


def difference_to_best(scores: Scores) -> str:
    """Return what relaxation gains against the best network without recurrence."""
    best = max((scores[name] for name in TRAINED_ON_CUES), key=fmean)
    pairs = zip(scores["relaxed"], best, strict=True)
    gains = {round(float(one - other), 6) for one, other in pairs}
    if len(gains) == 1:  # no spread, and so no test
        return f"{100 * gains.pop():+.1f}"
    return format_pairs(scores["relaxed"], best)
