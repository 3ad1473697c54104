"""Measures what couplings in closed form and those of the largest stability store."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from darnax.activations import sign
from darnax.analysis.capacity import (
    are_stored,
    hebb,
    optimal_couplings,
    pseudo_inverse,
    stabilities,
)
from darnax.analysis.recall import recall_by_steps
from darnax.data import ImageMemories
from reproduction.memory import column_of, draw_patterns
from reproduction.receipts import SEEDS
from reproduction.spread import format_spread

Rows = list[dict[str, Any]]
LOADS = (0.05, 0.1, 0.15, 0.25, 0.5, 0.75, 0.9, 1.0, 1.5, 1.8)
COUPLINGS: Mapping[str, Callable[[Array], Array]] = {
    "Hebb": hebb,
    "pseudo-inverse": pseudo_inverse,
    "largest stability": lambda patterns: optimal_couplings(patterns, steps=1000),
}
SHARES = (0.0, 0.05, 0.1)  # of the pixels of a digit, which are flipped
HALF = 0.5  # of the pixels, which are black
STEPS = 60


def memory_stored_by_rule(_: Path, units: int = 400, loads: tuple[float, ...] = LOADS) -> Rows:
    """Fraction of patterns that are fixed points, by load and couplings.

    N = 400 units of ±1, random patterns; couplings without self-couplings. Hebb's and those of the
    pseudo-inverse are in closed form, those of the largest stability are of the AdaTron. Mean ±
    standard deviation over three seeds.
    """
    rows: Rows = []
    for load in loads:
        row: dict[str, Any] = {"α": load}
        for name, couple in COUPLINGS.items():
            found = []
            for seed in SEEDS:
                patterns = draw_patterns(units, load, seed)
                found.append(float(jnp.mean(are_stored(couple(patterns), patterns))))
            row[name] = format_spread(found, 3)
        rows.append(row)
    return rows


def memory_digits_without_hidden_units(_: Path, count: int = 500, steps: int = 5000) -> Rows:
    """Digits stored in couplings among their pixels: the fraction recalled whole.

    The first training images of MNIST in black and white, 784 units of ±1, couplings of the AdaTron
    for the largest stability, κ, of the weakest unit, of pixels that are not the same in all
    images. Columns are the share of pixels that are flipped in a cue, and half of the pixels black;
    at rest, or after 60 steps.
    """
    images = np.asarray(ImageMemories(count=count).open().train.inputs)
    digits = jnp.asarray(images.reshape(count, -1), jnp.float32)
    couplings = optimal_couplings(digits, steps=steps)
    varies = jnp.any(digits != digits[0], axis=0)
    smallest = jnp.min(jnp.where(varies, stabilities(couplings, digits), jnp.inf))
    key = jax.random.key(0)
    by_share = recall_by_steps(couplings, digits, jnp.asarray(SHARES), key, STEPS)
    row: dict[str, Any] = {"digits": count, "κ": f"{float(smallest):.2f}"}
    for share, fractions in zip(SHARES, by_share, strict=True):
        row[f"{column_of(share)} flipped"] = f"{float(fractions[-1]):.3f}"
    states = jnp.where(jax.random.uniform(key, digits.shape) < HALF, -1.0, digits)
    for _step in range(STEPS):
        states = sign(states @ couplings)
    row["half black"] = f"{float(jnp.mean(jnp.all(states == digits, axis=1))):.3f}"
    return [row]
