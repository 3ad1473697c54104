"""Rows of memories of random patterns at several loads, and of networks without recurrence."""

from collections.abc import Iterator
from itertools import product

from reproduction.rows.memory import (
    HEADS_OF_RECALL,
    HEBB,
    LARGE,
    ONE_STEP,
    RELAXED,
    TRAINED_ON_CUES,
    recalled,
)
from reproduction.rows.row import Row, Section

UNITS = 1000
LOADS, SHARES = (0.1, 0.25, 0.5), (0.1, 0.2, 0.3)
OF_ABOVE = (0.25, 0.2)  # the load and the share of the sections above
STORED = {
    "relaxed": RELAXED,
    "the same, one step": ONE_STEP,
    "Hebb": f"+experiment=memory {LARGE} {HEBB}",
}


def at_load(overrides: str, load: float) -> str:
    """Return the overrides of a network of 1000 units at another load, patterns in one batch."""
    batch = f"data.batch_size={round(UNITS * load)}"
    return overrides.replace(LARGE, f"data.source.units={UNITS} data.source.load={load} {batch}")


def with_share(overrides: str, share: float) -> str:
    """Return the overrides of a network that is trained with another share of flips."""
    given = "data.disturb.cue.share=0.2"
    if share == OF_ABOVE[1]:
        return overrides
    if given in overrides:  # error feedback, evaluated as often as the others
        seldom = "runner.evaluate_every=250 runner.checkpoint_every=500"
        return overrides.replace(given, f"data.disturb.cue.share={share} {seldom}")
    return f"{overrides} data.disturb.cue.share={share}"


def stored_at(load: float) -> dict[str, str]:
    """Return name -> overrides of the memories, which have seen no cue."""
    return {name: at_load(overrides, load) for name, overrides in STORED.items()}


def trained_at(load: float, share: float) -> dict[str, str]:
    """Return name -> overrides of the networks without recurrence, trained with this share."""
    networks = {name: at_load(overrides, load) for name, overrides in TRAINED_ON_CUES.items()}
    return {name: with_share(overrides, share) for name, overrides in networks.items()}


def rows_at(load: float, share: float) -> Iterator[Row]:
    """Yield the rows of a load and a share that the sections above do not have."""
    if load != OF_ABOVE[0] and share == OF_ABOVE[1]:
        for name, overrides in stored_at(load).items():
            yield recalled(f"α = {load}, {name}", overrides)
    if (load, share) != OF_ABOVE:
        for name, overrides in trained_at(load, share).items():
            yield recalled(f"α = {load}, {100 * share:.0f} % flipped, {name}", overrides)


RANDOM_BY_LOAD = Section(
    "Memory of random patterns by load",
    "The networks of *Memory of random patterns and of sequences* and Hebb's rule, with 100, 250 "
    "and 500 patterns of 1000 units, in one batch. Cues have 20 % of the entries flipped; those of "
    "networks without recurrence 10, 20 or 30 % in training and in the test alike. All other "
    "settings are those of 250 patterns and 20 %: margins, learning rates and epochs.",
    tuple(row for load, share in product(LOADS, SHARES) for row in rows_at(load, share)),
    HEADS_OF_RECALL,
)
