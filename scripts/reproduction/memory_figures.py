"""Measures and draws the curves of a memory: units that reach a stability, basins, recall by steps.

The rows of a measurement are the points of its curves; the figures are drawn from the receipts.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from darnax.analysis.capacity import (
    are_stored,
    bits_per_synapse,
    couplings_of_stability,
    gardner_capacity,
    hebb,
    optimal_couplings,
    pseudo_inverse,
)
from darnax.analysis.recall import basin_map, recall_by_steps
from reproduction.memory import column_of, draw_patterns, largest_stabilities
from reproduction.plot import Curve, Panel, draw
from reproduction.receipts import SEEDS
from reproduction.spread import format_spread, read_spreads

Rows = list[dict[str, Any]]
MARGINS = (0.0, 0.25, 0.5, 1.0, 1.5)
STORED_LOADS = tuple(round(0.1 * n, 1) for n in range(1, 23))
BASIN_LOADS = (0.1, 0.25, 0.5, 0.75)
OF_BOUND = (0.25, 0.5, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)  # loads
SHARES = tuple(round(0.05 * n, 2) for n in range(11))
KINDS: Mapping[str, Callable[[Array], Array]] = {
    "AdaTron": lambda patterns: optimal_couplings(patterns, steps=300),
    "projection": pseudo_inverse,
    "Hebb": hebb,
}
FLIPPED, LOAD = 0.2, 0.25  # of the recall by steps


def memory_stored(_: Path, units: int = 400) -> Rows:
    """Fraction of units that can give all patterns the stability κ, by load.

    100 units of a network of 400, the largest stability of each. Mean ± standard deviation over
    three seeds.
    """
    rows: Rows = []
    for load in STORED_LOADS:
        found = [largest_stabilities(units, load, seed, min(units, 100)) for seed in SEEDS]
        row: dict[str, Any] = {"α": load}
        for margin in MARGINS:
            values = [float(jnp.mean(of_seed >= margin)) for of_seed in found]
            row[f"κ = {margin}"] = format_spread(values, 3)
        rows.append(row)
    return rows


def memory_stored_patterns(
    _: Path, units: int = 400, fractions: tuple[float, ...] = OF_BOUND
) -> Rows:
    """Fraction of the patterns that are stored with the stability κ, by load.

    A pattern is stored with κ if all of the N = 400 units have ξ_i h_i ≥ κ |J_i|, with κ = 0 if it
    is a fixed point. The loads α are fractions of Gardner's α_c(κ). The couplings are those of the
    perceptron rule with this κ, from random ones; a unit learns until all patterns have κ, and
    otherwise for 3000 steps. Cells are empty above a load at which no pattern is stored. Mean ±
    standard deviation over three seeds.
    """
    rows: Rows = [{"α/α_c": fraction} for fraction in fractions]
    for margin in MARGINS:
        is_going_on = True
        for row in rows:
            load = row["α/α_c"] * gardner_capacity(margin)
            seeds = SEEDS if is_going_on else ()
            values = [fraction_stored(units, load, margin, seed) for seed in seeds]
            row[f"κ = {margin}"] = format_spread(values, 3)
            is_going_on = any(values)
    return rows


def fraction_stored(units: int, load: float, margin: float, seed: int, steps: int = 3000) -> float:
    """Return the fraction of random patterns that the perceptron rule stores with a margin."""
    patterns = draw_patterns(units, load, seed)
    start = jax.random.normal(jax.random.key(seed), (units, units)) / jnp.sqrt(units)
    couplings = couplings_of_stability(patterns, margin, start, steps=steps)
    return float(jnp.mean(are_stored(couplings, patterns, margin)))


def memory_basins(_: Path, units: int = 400) -> Rows:
    """Patterns stored with the largest stability: the fraction recalled whole, by flips and load.

    N = 400 units of ±1. The last row is the information in the patterns recalled from cues with
    10 % of the entries flipped, in bits for a coupling. Mean ± standard deviation over three seeds.
    """
    counts = jnp.asarray([round(load * units) for load in BASIN_LOADS], jnp.float32)
    found = []
    for seed in SEEDS:
        patterns = draw_patterns(units, max(BASIN_LOADS), seed)
        key = jax.random.key(seed)
        found.append(np.asarray(basin_map(patterns, counts, jnp.asarray(SHARES), key)))
    rows: Rows = []
    for column, share in enumerate(SHARES):
        row: dict[str, Any] = {"flipped": column_of(share)}
        for number, load in enumerate(BASIN_LOADS):
            row[f"α = {load}"] = format_spread([float(m[number, column]) for m in found], 3)
        rows.append(row)
    bits: dict[str, Any] = {"flipped": "bits for a coupling"}
    tenth = SHARES.index(0.1)
    for number, load in enumerate(BASIN_LOADS):
        values = [bits_per_synapse(load, float(m[number, tenth])) for m in found]
        bits[f"α = {load}"] = format_spread(values, 3)
    return [*rows, bits]


def memory_kinds(
    _: Path, units: int = 1000, load: float = LOAD, flipped: float = FLIPPED, most: int = 10
) -> Rows:
    """Fraction of patterns recalled whole after each step, by the kind of the couplings.

    N = 1000 units of ±1, α = 0.25, cues with 20 % of the entries flipped. *Projection* is the
    pseudo-inverse without its diagonal. Mean ± standard deviation over three seeds.
    """
    rows: Rows = [{"steps": step} for step in range(most + 1)]
    for name, make in KINDS.items():
        curves = []
        for seed in SEEDS:
            patterns = draw_patterns(units, load, seed)
            shares, key = jnp.asarray([flipped]), jax.random.key(seed)
            curves.append(recall_by_steps(make(patterns), patterns, shares, key, most)[0].tolist())
        for row, values in zip(rows, zip(*curves, strict=True), strict=True):
            row[name] = format_spread(values, 3)
    return rows


def draw_memory_capacity(measured: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the largest load for a stability beside Gardner's; units and patterns that have it."""
    rows = measured["memory_capacity"]
    means, errors = read_spreads([row["measured α"] for row in rows])
    fine = [0.02 * n for n in range(76)]
    bound = [gardner_capacity(margin) for margin in fine]
    curves = [
        Curve("Gardner", fine, bound, [0.0] * len(fine)),
        Curve("N = 1000", [row["κ"] for row in rows], means, errors),
    ]
    capacity = Panel("stability κ; the largest load α", curves, 2.0)
    title = "load α; share of units that store all patterns with κ"
    units = read_panel(title, measured["memory_stored"], STORED_LOADS)
    title = "load α; share of patterns that all units store with κ"
    patterns = Panel(title, read_stored(measured["memory_stored_patterns"]))
    return draw([capacity, units, patterns], "")


def read_stored(rows: Sequence[Mapping[str, Any]]) -> list[Curve]:
    """Return a curve over the load for every stability, of its full cells."""
    curves = []
    for margin in MARGINS:
        name, bound = f"κ = {margin}", gardner_capacity(margin)
        cells = {row["α/α_c"] * bound: row[name] for row in rows if row[name]}
        means, errors = read_spreads(list(cells.values()))
        curves.append(Curve(name, list(cells), means, errors))
    return curves


def draw_memory_recall(measured: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the basins, and the recall by steps."""
    by_share = measured["memory_basins"][: len(SHARES)]  # the last row is bits
    basins = read_panel("share of the cue that is flipped; exact recall", by_share, SHARES)
    title = f"steps from a cue with {FLIPPED:.0%} flipped, α = {LOAD}; exact recall"
    by_steps = measured["memory_kinds"]
    return draw([basins, read_panel(title, by_steps, range(len(by_steps)))], "")


def read_panel(title: str, rows: Sequence[Mapping[str, Any]], xs: Sequence[float]) -> Panel:
    """Return a panel with a curve over `xs` for every column but the first."""
    curves = []
    for name in list(rows[0])[1:]:
        means, errors = read_spreads([str(row[name]) for row in rows])
        curves.append(Curve(name, list(map(float, xs)), means, errors))
    return Panel(title, curves)
