"""Measures a memory after few steps of recall: over noise, load, stability and self-coupling."""

from itertools import product
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from darnax.analysis.capacity import couplings_of_stability, gardner_margin
from darnax.analysis.recall import recall_by_steps
from reproduction.memory import column_of, column_of_steps, draw_patterns
from reproduction.receipts import SEEDS
from reproduction.spread import format_spread

LOADS = (0.1, 0.25, 0.4)
FRACTIONS = (0.3, 0.6, 0.9)  # of the largest stability at the load
SELF_COUPLINGS = (0.0, 0.5, 1.0)
SHARES = (0.1, 0.2)
STEPS = (1, 2, 4, 8, 32)
MOST = 200  # steps, after which a memory counts as at rest


def memory_by_steps(_: Path, units: int = 400) -> list[dict[str, Any]]:
    """Fraction of patterns recalled whole by steps, over noise, load, stability and self-coupling.

    N = 400 units of ±1, random patterns. The couplings of a unit have the norm 1, and all
    patterns the stability κ, a fraction of Gardner's κ_max at the load α, which at 0.9 κ_max up
    to 2 % of the units do not reach; J_D is added to the couplings afterwards, in the same
    units. *at rest* is after 200 steps. Mean ± standard deviation over three seeds; random
    features of as many weights recall nothing at N = 1000, see *Memory of random patterns and
    of sequences*.
    """
    rows = []
    points = product(LOADS, FRACTIONS)
    for load, fraction in points:
        measured = [recall_at(units, load, fraction, seed) for seed in SEEDS]
        for cell in product(range(len(SELF_COUPLINGS)), range(len(SHARES))):
            j_d, share = SELF_COUPLINGS[cell[0]], SHARES[cell[1]]
            row = {"α": load, "κ/κ_max": fraction, "J_D": j_d, "flipped": column_of(share)}
            for steps in (*STEPS, MOST):
                values = [of_seed[cell][steps] for of_seed in measured]
                name = "at rest" if steps == MOST else column_of_steps(steps)
                row[name] = format_spread(values, 3)
            rows.append(row)
    return rows


def recall_at(units: int, load: float, fraction: float, seed: int) -> dict[tuple[int, int], Any]:
    """Return (self-coupling, share) -> the recalled fractions after 0, 1, 2, … steps."""
    patterns = draw_patterns(units, load, seed)
    drawing, flipping = jax.random.split(jax.random.key(seed))
    start = jax.random.normal(drawing, (units, units)) / jnp.sqrt(units)
    margin = fraction * gardner_margin(load)
    couplings = couplings_of_stability(patterns, margin, start)
    couplings = couplings / jnp.linalg.norm(couplings, axis=0)
    found = {}
    for number, j_d in enumerate(SELF_COUPLINGS):
        coupled = couplings + j_d * jnp.eye(units)
        fractions = recall_by_steps(coupled, patterns, jnp.asarray(SHARES), flipping, MOST)
        for row, of_share in enumerate(np.asarray(fractions)):
            found[number, row] = of_share
    return found
