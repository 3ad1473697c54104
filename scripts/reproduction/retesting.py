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
    curves = []
    for run in runs:
        curves.append(darnax.load(run.path).evaluate_over(key, values, *overrides).scores)
    return [format_spread(of_value, 4) for of_value in zip(*curves, strict=True)]
