"""Compares a memory with networks without recurrence, by the share of the cue that is flipped."""

from pathlib import Path
from typing import Any

from reproduction.memory import column_of
from reproduction.receipts import read_runs, require_runs
from reproduction.retesting import spread_over
from reproduction.rows.memory import ONE_STEP, RELAXED, TRAINED_ON_CUES

SHARES = (0.05, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4)


def memory_by_share(outputs: Path) -> list[dict[str, Any]]:
    """Fraction of patterns recalled whole by the share of the cue that is flipped.

    The networks of *Memory of random patterns and of sequences*. Those without recurrence learned
    with a share of 20 %; the memory has seen no cue. Every network is that of its best evaluation
    with 20 %. Mean ± standard deviation over three seeds, by `Run.evaluate_over`.
    """
    found = read_runs(outputs)
    networks = {"relaxed": RELAXED, "the same, one step": ONE_STEP, **TRAINED_ON_CUES}
    rows: list[dict[str, Any]] = [{"flipped": column_of(share)} for share in SHARES]
    for name, overrides in networks.items():
        runs = require_runs(found, outputs, overrides)
        recalled = spread_over(runs, "data.disturb.cue.share", SHARES)
        for cells, fraction in zip(rows, recalled, strict=True):
            cells[name] = fraction
    return rows
