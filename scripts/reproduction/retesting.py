"""Tests trained networks again, for several values of one setting."""

from collections.abc import Iterable, Sequence
from typing import Any

import darnax
from reproduction.receipts import Run
from reproduction.spread import format_spread


def spread_over(
    runs: Iterable[Run], key: str, values: Sequence[Any], overrides: Sequence[str] = ()
) -> list[str]:
    """Return mean ± standard deviation of the test accuracy over runs, for each value of a key."""
    return [format_spread(scores, 4) for scores in scores_over(runs, key, values, overrides)]


def scores_over(
    runs: Iterable[Run], key: str, values: Sequence[Any], overrides: Sequence[str] = ()
) -> list[tuple[float, ...]]:
    """Return the test accuracies of runs, for each value of a key."""
    curves = []
    for run in runs:
        curves.append(darnax.load(run.path).evaluate_over(key, values, *overrides).scores)
    return list(zip(*curves, strict=True))
