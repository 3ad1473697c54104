"""Metrics over epochs: what metrics.jsonl says of each run, and mean and band over the runs of a configuration."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from darnax.reports.record import Entry, number

Points = tuple[NDArray[np.float64], NDArray[np.float64]]  # epochs, values


class Curve(NamedTuple):
    """Mean and standard deviation over runs at some epochs; the deviation is nan where fewer than two runs have come."""

    epochs: NDArray[np.float64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]


def points(record: Iterable[Entry]) -> dict[str, Points]:
    """Return every metric of a run over its epochs; values that are no numbers are passed over."""
    found: dict[str, dict[float, float]] = defaultdict(dict)
    for entry in record:
        epoch = number(entry.get("epoch"))
        for name, logged in () if math.isnan(epoch) else entry.items():
            if name not in ("step", "epoch") and not math.isnan(value := number(logged)):
                found[name][epoch] = value
    in_order = {name: sorted(values.items()) for name, values in found.items()}
    return {
        name: (np.array([x for x, _ in pairs]), np.array([y for _, y in pairs]))
        for name, pairs in in_order.items()
    }


def average(curves: Sequence[Points], at_most: int = 200) -> Curve:
    """Return mean and deviation of curves, each interpolated between its own points and never beyond them.

    With more than `at_most` epochs, evenly chosen ones are kept, the first and the last among them.
    """
    epochs = thin(np.unique(np.concatenate([x for x, _ in curves])), at_most)
    table = np.stack([np.interp(epochs, x, y, left=np.nan, right=np.nan) for x, y in curves])
    there = np.isfinite(table)
    n = there.sum(axis=0)
    mean = np.where(there, table, 0).sum(axis=0) / np.maximum(n, 1)
    squares = np.where(there, (table - mean) ** 2, 0).sum(axis=0)
    return Curve(epochs, mean, np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan))


def thin(epochs: NDArray[np.float64], at_most: int) -> NDArray[np.float64]:
    """Keep evenly chosen epochs, the first and the last among them."""
    if len(epochs) <= at_most:
        return epochs
    return epochs[np.linspace(0, len(epochs) - 1, at_most).round().astype(int)]


def average_all(runs: Iterable[Mapping[str, Points]]) -> dict[str, Curve]:
    """Return the curve of every metric that one of the runs has logged more than once."""
    several: dict[str, list[Points]] = defaultdict(list)
    for run in runs:
        for name, logged in run.items():
            several[name].append(logged)
    return {
        name: average(curves)
        for name, curves in several.items()
        if max(len(x) for x, _ in curves) > 1
    }
