"""Exact recall of stored patterns: from cues with flipped entries, step by step."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from darnax.activations import sign
from darnax.analysis.capacity import couplings_of_stability, optimal_couplings, stabilities

FULL = jax.lax.Precision.HIGHEST


@partial(jax.jit, static_argnames="steps")
def recall_by_steps(
    couplings: Float[Array, "pre post"],
    patterns: Float[Array, "patterns units"],
    shares: Float[Array, " shares"],
    key: Key[Array, ""],
    steps: int = 60,
    stored: Float[Array, " patterns"] | None = None,
) -> Float[Array, "shares times"]:
    """Return the fraction of the patterns that are there whole after 0, 1, …, `steps` steps.

    Every entry of a cue is flipped with the probability of its row, and all units are updated at
    once, `s_i ← sign(Σ_j J_ji s_j)`. All rows are computed in one compiled program.

    Args:
        couplings: J, from unit to unit.
        patterns: of ±1.
        shares: probabilities of a flip.
        key: draws the flips, with the same random numbers for all shares.
        steps: the number of updates.
        stored: 1 for the patterns that count and 0 for others; by default all.
    """
    weights = jnp.ones(len(patterns)) if stored is None else stored
    numbers = jax.random.uniform(key, patterns.shape)

    def of_share(share: Array) -> Array:
        cues = jnp.where(numbers < share, -patterns, patterns)

        def step(states: Array, _: None) -> tuple[Array, Array]:
            is_whole = jnp.all(states == patterns, axis=1)
            fraction = jnp.sum(is_whole * weights) / jnp.sum(weights)
            return sign(jnp.matmul(states, couplings, precision=FULL)), fraction

        _, fractions = jax.lax.scan(step, cues, None, length=steps + 1)
        return fractions

    return jax.lax.map(of_share, shares)


def mark_first(
    patterns: Float[Array, "patterns units"], count: Float[Array, ""]
) -> Float[Array, " patterns"]:
    """Return 1 for the first `count` patterns and 0 for the others."""
    return (jnp.arange(len(patterns)) < count).astype(patterns.dtype)


@partial(jax.jit, static_argnames=("steps", "learning_steps"))
def basin_map(
    patterns: Float[Array, "patterns units"],
    counts: Float[Array, " loads"],
    shares: Float[Array, " shares"],
    key: Key[Array, ""],
    steps: int = 60,
    learning_steps: int = 500,
) -> Float[Array, "loads shares"]:
    """Return the fraction of patterns recalled whole, over numbers of patterns and flipped shares.

    Optimal couplings for the first `counts[k]` patterns, then relaxation from the cues; the whole
    map is one compiled program.

    Args:
        patterns: of ±1, as many as the largest of the counts.
        counts: numbers of patterns.
        shares: probabilities of a flip.
        key: draws the flips.
        steps: of recall.
        learning_steps: of `optimal_couplings`.
    """

    def of_count(count: Array) -> Array:
        stored = mark_first(patterns, count)
        couplings = optimal_couplings(patterns, stored, steps=learning_steps)
        return recall_by_steps(couplings, patterns, shares, key, steps, stored)[:, -1]

    return jax.lax.map(of_count, counts)


@partial(jax.jit, static_argnames="steps")
def stability_map(
    patterns: Float[Array, "patterns units"],
    counts: Float[Array, " points"],
    margins: Float[Array, " points"],
    shares: Float[Array, " shares"],
    key: Key[Array, ""],
    steps: int = 60,
    learning_steps: int = 1000,
) -> tuple[Float[Array, "points shares"], Float[Array, " points"]]:
    """Return the fraction of patterns recalled whole, over points (number of patterns, stability).

    Couplings of the stability `margins[k]` for the first `counts[k]` patterns, from random ones
    that are the same for all points, then relaxation from the cues; the whole map is one compiled
    program. The second result is the fraction of the units that have the stability.

    Args:
        patterns: of ±1, as many as the largest of the counts.
        counts: numbers of patterns.
        margins: stabilities κ.
        shares: probabilities of a flip.
        key: draws the couplings of the start, and the flips.
        steps: of recall.
        learning_steps: the most of `couplings_of_stability`.
    """
    units = patterns.shape[1]
    drawing, flipping = jax.random.split(key)
    start = jax.random.normal(drawing, (units, units)) / jnp.sqrt(units)

    def of_point(point: tuple[Array, Array]) -> tuple[Array, Array]:
        count, margin = point
        stored = mark_first(patterns, count)
        couplings = couplings_of_stability(patterns, margin, start, stored, steps=learning_steps)
        recalled = recall_by_steps(couplings, patterns, shares, flipping, steps, stored)[:, -1]
        # The first pattern is always stored: in the place of the others it changes no minimum.
        only_stored = jnp.where(stored[:, None] > 0, patterns, patterns[0])
        return recalled, jnp.mean(stabilities(couplings, only_stored) >= margin)

    return jax.lax.map(of_point, (counts, margins))
