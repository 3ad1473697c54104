"""Measures the memory of sparse patterns: units of 0/1, and the bound by coding level."""

from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

from darnax.analysis.capacity import (
    gardner_capacity,
    gardner_margin,
    optimal_couplings,
    stabilities,
)
from reproduction.memory import column_of, draw_patterns
from reproduction.receipts import SEEDS, read_runs, require_runs
from reproduction.retesting import spread_over
from reproduction.rows.sparse_memory import (
    LEVELS,
    LOADS,
    NETWORKS,
    SIGNS,
    THRESHOLDS,
    ZERO_ONE,
    storing,
)
from reproduction.spread import format_spread

Rows = list[dict[str, Any]]
SHARES = (0.0, 0.1, 0.2, 0.3, 0.5)  # of the active entries of a cue, which are lost
OF_BOUND = (0.5, 0.2, 0.1, 0.05)  # levels
MARGINS = (0.5, 1.0)
ONE_STEP = "dynamics.infer.recall.max_steps=1"


def memory_sparse(outputs: Path) -> Rows:
    """Sparse patterns: the fraction recalled whole, by the share of active entries that are lost.

    The networks of *Memory of sparse patterns*. Thresholds are learned. With them a network of
    units of 0/1 can be written with units of ±1, but the two learn differently. Every network is
    that of its best evaluation with 30 % lost. Mean ± standard deviation over three seeds, by
    `Run.evaluate_over`.
    """
    found = read_runs(outputs)
    rows: Rows = []
    for level, load in product(LEVELS, LOADS):
        runs = {}
        for network in NETWORKS:
            runs[network] = require_runs(found, outputs, storing(network, level, load))
        columns = {
            ZERO_ONE: recalled(runs[ZERO_ONE]),
            "the same, one step": recalled(runs[ZERO_ONE], ONE_STEP),
            THRESHOLDS: recalled(runs[THRESHOLDS]),
            SIGNS: recalled(runs[SIGNS]),
        }
        for number, share in enumerate(SHARES):
            cells = {"level": level, "α": load, "lost": column_of(share)}
            rows.append(cells | {name: values[number] for name, values in columns.items()})
    return rows


def recalled(runs: Any, *overrides: str) -> list[str]:
    """Return the fraction recalled by runs at each share."""
    return spread_over(runs, "data.disturb.cue.share", SHARES, overrides)


def memory_capacity_by_level(_: Path, units: int = 1000, steps: int = 5000) -> Rows:
    """Largest stability of sparse patterns at the load of Gardner's bound, by coding level.

    N = 1000 units of ±1; `level` is the probability of +1. The mean of the largest stabilities of
    100 units, at the load at which it is κ for N → ∞. Mean ± standard deviation over three seeds.
    """
    rows: Rows = []
    for level, margin in product(OF_BOUND, MARGINS):
        load = round(gardner_capacity(margin, level) * units) / units
        bound = gardner_margin(load, level)
        found = []
        for seed in SEEDS:
            patterns = draw_patterns(units, load, seed, level=level)
            couplings = optimal_couplings(patterns, steps=steps, receivers=min(units, 100))
            found.append(float(stabilities(couplings, patterns).mean()))
        row: dict[str, Any] = {"level": level, "α": f"{load:.3f}", "κ by Gardner": f"{bound:.3f}"}
        row |= {"measured κ": format_spread(found, 3), "ratio": f"{fmean(found) / bound:.3f}"}
        rows.append(row)
    return rows
