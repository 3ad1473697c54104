"""Measures the time of a recall."""

import time
from pathlib import Path
from typing import Any

import numpy as np

import darnax
from reproduction.receipts import Run, read_runs, require_runs
from reproduction.rows.memory import RANDOM_MEMORY
from reproduction.rows.row import OPERATIONS
from reproduction.trained import open_trained

REPEATED = 20
ROWS = (
    "couplings by the AdaTron rule, relaxed",
    "the same, one step",
    "1000 random features and a readout",
    "backpropagation, 500 units",
    "1000 patterns of 400 units, dense memory, exponential",
    "4000 patterns of 400 units, dense memory, cubic",
)


def memory_time(outputs: Path) -> list[dict[str, Any]]:
    """Time of a recall of random patterns, beside its synaptic operations.

    The networks of *Memory of random patterns and of sequences*, seed 0; all patterns are recalled
    at once. Milliseconds are those of a pattern, the shortest of 20 repetitions, by `Run.predict`
    with the program compiled.
    """
    found = read_runs(outputs)
    rows: list[dict[str, Any]] = []
    for row in RANDOM_MEMORY.rows:
        if row.what in ROWS:
            run = require_runs(found, outputs, row.overrides)[0]
            dense, events = (f"{run.value(name):,.0f}" for name in OPERATIONS)
            cells = {"operations, dense": dense, "operations, events": events}
            rows.append({"network": row.what} | cells | {"ms": f"{time_recall(run):.3f}"})
    return rows


def time_recall(run: Run) -> float:
    """Return the milliseconds of a recall of one of all patterns."""
    patterns = np.asarray(open_trained(run, "time").images)
    network = darnax.load(run.path)
    network.predict(patterns)
    seconds = []
    for _ in range(REPEATED):
        began = time.perf_counter()
        network.predict(patterns)
        seconds.append(time.perf_counter() - began)
    return 1000 * min(seconds) / len(patterns)
