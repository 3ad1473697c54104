"""Rows of memories of random patterns at several loads, and of networks without recurrence."""

from reproduction.rows.memory import (
    HEADS_OF_RECALL,
    HEBB,
    LARGE,
    ONE_STEP,
    RELAXED,
    TRAINED_ON_CUES,
    recalled,
)
from reproduction.rows.row import Section

UNITS = 1000
LOADS = (0.1, 0.25, 0.5)
KNOWN = 0.25  # of the sections above
STORED = {
    "relaxed": RELAXED,
    "the same, one step": ONE_STEP,
    "Hebb": f"+experiment=memory {LARGE} {HEBB}",
}


def at_load(overrides: str, load: float) -> str:
    """Return the overrides of a network of 1000 units at another load, patterns in one batch."""
    batch = f"data.batch_size={round(UNITS * load)}"
    return overrides.replace(LARGE, f"data.source.units={UNITS} data.source.load={load} {batch}")


def networks_at(load: float) -> dict[str, str]:
    """Return name -> overrides of the memories, and of the networks without recurrence."""
    networks = {**STORED, **TRAINED_ON_CUES}
    return {name: at_load(overrides, load) for name, overrides in networks.items()}


RANDOM_BY_LOAD = Section(
    "Memory of random patterns by load",
    "The networks of *Memory of random patterns and of sequences* and Hebb's rule, with 100 and "
    "500 patterns of 1000 units in the place of 250, in one batch, and cues with 20 % of the "
    "entries flipped. All settings are those of 250 patterns: margins, learning rates and epochs.",
    tuple(
        recalled(f"α = {load}, {name}", overrides)
        for load in LOADS
        if load != KNOWN
        for name, overrides in networks_at(load).items()
    ),
    HEADS_OF_RECALL,
)
