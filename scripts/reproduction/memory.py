"""Measures the memory of a layer at its bound: the largest load, the basins, other patterns."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from darnax.analysis.capacity import (
    gardner_capacity,
    gardner_margin,
    optimal_couplings,
    stabilities,
)
from darnax.analysis.recall import recall_by_steps, stability_map
from darnax.data import Memories
from reproduction.receipts import SEEDS
from reproduction.spread import format_spread

Rows = list[dict[str, Any]]
MARGINS = (0.25, 0.5, 1.0, 1.5)
SIZES = (250, 500, 1000)
FACTORS = (0.6, 0.7, 0.8, 0.9, 1.0)  # of the bound, between which the loads of most units lie
# Of the map; its stabilities are fractions of the largest one at the load.
LOADS = (0.1, 0.2, 0.3, 0.4, 0.5)
FRACTIONS = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
SHARES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
# Of the table of patterns.
PATTERNS: Mapping[str, Mapping[str, Any]] = {
    "random": {},
    "20 groups, `tree=[20]`": {"tree": (20,)},
    "20 groups of 4 kinds, `tree=[4,20]`": {"tree": (4, 20)},
    "sparse, `level=0.2`": {"level": 0.2},
    "sparse, `level=0.1`": {"level": 0.1},
    "sparse, `level=0.05`": {"level": 0.05},
}
CUES = (0.0, 0.05, 0.1, 0.2, 0.3)


def draw_patterns(units: int, load: float, seed: int, **options: Any) -> Array:
    """Return patterns of ±1, random ones without further options."""
    return jnp.asarray(Memories(units, load, seed=seed, **options).draw())


def largest_stabilities(units: int, load: float, seed: int, receivers: int) -> Array:
    """Return the largest stability of each of the first units, at a load."""
    patterns = draw_patterns(units, load, seed)
    return stabilities(optimal_couplings(patterns, steps=400, receivers=receivers), patterns)


def capacity_at(margin: float, units: int, seed: int, receivers: int = 100) -> float:
    """Return the load at which the mean of the largest stabilities of the units is the margin.

    The mean is interpolated between two loads, 5 % below and above Gardner's.
    """
    loads = [gardner_capacity(margin) * factor for factor in (0.95, 1.05)]
    counts = [round(load * units) / units for load in loads]
    means = [float(largest_stabilities(units, load, seed, receivers).mean()) for load in counts]
    slope = (counts[1] - counts[0]) / (means[1] - means[0])
    return counts[0] + slope * (margin - means[0])


def memory_capacity(_: Path, units: int = 1000) -> Rows:
    """Largest load of random patterns for a stability κ, against Gardner's bound.

    The load at which the mean of the largest stabilities of 100 units is κ, at N = 1000. Mean ±
    standard deviation over three seeds.
    """
    rows = []
    for margin in MARGINS:
        found = [capacity_at(margin, units, seed) for seed in SEEDS]
        bound = gardner_capacity(margin)
        rows.append(
            {
                "κ": margin,
                "measured α": format_spread(found, 3),
                "Gardner": f"{bound:.3f}",
                "ratio": f"{fmean(found) / bound:.3f}",
            }
        )
    return rows


def load_of_units(margin: float, units: int, seed: int, receivers: int, weakest: float) -> float:
    """Return the load at which all units but a share of the weakest reach the margin.

    It is interpolated between loads.
    """
    loads = [gardner_capacity(margin) * factor for factor in FACTORS]
    counts = [round(load * units) / units for load in loads]
    reached = []
    for load in counts:
        found = np.asarray(largest_stabilities(units, load, seed, receivers))
        reached.append(float(np.quantile(found, weakest)))
    # The margin that is reached falls with the load, and np.interp expects growing numbers.
    return float(np.interp(margin, reached[::-1], counts[::-1]))


def memory_capacity_by_size(_: Path, sizes: tuple[int, ...] = SIZES) -> Rows:
    """Largest load at which 95 % of the units reach the stability κ, by the number of units.

    Of 100 units of each network; mean ± standard deviation over three seeds. N → ∞ is the value at
    1/√N = 0 of the line through the means, since the stabilities of the units of one network
    scatter with 1/√N.
    """
    return extrapolate_loads(sizes, 1 / np.sqrt(sizes), receivers=100, weakest=0.05)


def memory_capacity_of_all_units(_: Path, sizes: tuple[int, ...] = SIZES) -> Rows:
    """Largest load at which all units, and so all patterns, have the stability κ, by their number.

    Mean ± standard deviation over three seeds. N → ∞ is the value at 0 of the line through the
    means over √(2 ln N / N): the stabilities scatter with 1/√N, and the smallest of N Gaussian
    numbers lies √(2 ln N) standard deviations below their mean.
    """
    scale = np.sqrt(2 * np.log(sizes) / np.asarray(sizes))
    return extrapolate_loads(sizes, scale, receivers=None, weakest=0.0)


def extrapolate_loads(
    sizes: tuple[int, ...], scale: NDArray[np.floating], receivers: int | None, weakest: float
) -> Rows:
    """Return the loads of units by their number, and their limit, at 0 of the scale."""
    rows = []
    for margin in MARGINS:
        row: dict[str, Any] = {"κ": margin}
        means = []
        for units in sizes:
            counted = receivers or units
            found = [load_of_units(margin, units, seed, counted, weakest) for seed in SEEDS]
            row[f"N = {units}"] = format_spread(found, 3)
            means.append(fmean(found))
        limit = np.polyfit(scale, means, 1)[1]
        bound = gardner_capacity(margin)
        row |= {"N → ∞": f"{limit:.3f}", "Gardner": f"{bound:.3f}", "ratio": f"{limit / bound:.3f}"}
        rows.append(row)
    return rows


def memory_map(
    _: Path,
    units: int = 400,
    loads: tuple[float, ...] = LOADS,
    fractions: tuple[float, ...] = FRACTIONS,
) -> Rows:
    """Basins over load and stability: the fraction of patterns recalled whole from disturbed cues.

    N = 400 units of ±1; a column is a share of the entries of the cue that is flipped. The
    couplings are those of the perceptron rule, from random ones, stopped for each unit as soon as
    all patterns have the stability κ, a fraction of Gardner's κ_max at this load. `units with κ`
    is the fraction that reach it in 1000 steps. Means over three seeds, and the largest of the
    standard deviations in a row.
    """
    points = list(product(loads, fractions))
    margins = [fraction * gardner_margin(load) for load, fraction in points]
    counts = jnp.asarray([round(load * units) for load, _ in points], jnp.float32)
    recalled, reached = [], []
    for seed in SEEDS:  # one compiled program: the shapes are the same
        maps = stability_map(
            draw_patterns(units, max(loads), seed),
            counts,
            jnp.asarray(margins),
            jnp.asarray(SHARES),
            jax.random.key(seed),
        )
        recalled.append(np.asarray(maps[0]))
        reached.append(np.asarray(maps[1]))
    means, deviations = np.mean(recalled, axis=0), np.std(recalled, axis=0, ddof=1)
    rows = []
    for number, (load, fraction) in enumerate(points):
        row = {"α": load, "κ/κ_max": fraction, "κ": f"{margins[number]:.2f}"}
        row["units with κ"] = f"{np.mean(reached, axis=0)[number]:.3f}"
        for share, mean in zip(SHARES, means[number], strict=True):
            row[column_of(share)] = f"{mean:.3f}"
        rows.append(row | {"deviation": f"{deviations[number].max():.3f}"})
    return rows


def column_of(share: float) -> str:
    """Return the name of the column of a share of flips."""
    return f"{share:.0%}".replace("%", " %")


def column_of_steps(steps: int) -> str:
    """Return the name of the column of a number of steps."""
    return f"{steps} step{'s' * (steps > 1)}"


def memory_patterns(_: Path, units: int = 400, loads: tuple[float, ...] = (0.25, 0.5)) -> Rows:
    """Correlated and sparse patterns, stored with the largest stability.

    N = 400 units of ±1, without a bias. `stored` is the fraction of the patterns that are fixed
    points, and the columns after it that of those recalled whole from cues with this share of the
    entries flipped; κ is the mean over units. The leaves of a tree have a likeness of 0.8 to the
    node above them; `level` is the probability of +1. Mean ± standard deviation over three seeds.
    """
    rows = []
    for load, (name, options) in product(loads, PATTERNS.items()):
        measured = [recall_patterns(units, load, seed, options) for seed in SEEDS]
        cells = {}
        for column in measured[0]:
            cells[column] = format_spread([of_seed[column] for of_seed in measured], 3)
        rows.append({"patterns": name, "α": load} | cells)
    return rows


def recall_patterns(
    units: int, load: float, seed: int, options: Mapping[str, Any]
) -> dict[str, float]:
    """Return the stability of the patterns, the fraction that is stored, and those recalled."""
    patterns = draw_patterns(units, load, seed, **options)
    couplings = optimal_couplings(patterns, steps=2000)
    fractions = recall_by_steps(couplings, patterns, jnp.asarray(CUES), jax.random.key(seed))
    cells = {"κ": float(stabilities(couplings, patterns).mean())}
    cells["stored"] = float(fractions[0, 1])  # after one step from the pattern itself
    for share, row in zip(CUES[1:], fractions[1:], strict=True):
        cells[column_of(share)] = float(row[-1])
    return cells
