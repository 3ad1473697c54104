"""Metrics over epochs: their mean and deviation over several runs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from darnax.reports.digest import Points

MOST_POINTS = 200  # of a curve

Number = TypeVar("Number", bound=np.generic)
Arrays = tuple[NDArray[np.float64], NDArray[np.float64]]


class Curve(NamedTuple):
    """Mean and standard deviation over runs at some epochs.

    The deviation is nan at epochs that fewer than two runs have reached. `is_thinned`: whether some
    epochs were left out.
    """

    epochs: NDArray[np.float64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    is_thinned: bool = False


def as_arrays(points: Points) -> Arrays:
    """Return points as arrays, which take a fourth of the memory of lists."""
    epochs, values = points
    return np.array(epochs), np.array(values)


def average(curves: Sequence[Points | Arrays], at_most: int = MOST_POINTS) -> Curve:
    """Return mean and deviation of curves, each interpolated within the range of its own points.

    With more than `at_most` epochs, evenly chosen ones are kept, the first and the last included.
    """
    logged = np.unique(np.concatenate([x for x, _ in curves]))
    epochs = thin_out(logged, at_most)
    table = np.stack([np.interp(epochs, x, y, left=np.nan, right=np.nan) for x, y in curves])
    has_value = np.isfinite(table)
    n = has_value.sum(axis=0)
    mean = np.where(has_value, table, 0).sum(axis=0) / np.maximum(n, 1)
    squares = np.where(has_value, (table - mean) ** 2, 0).sum(axis=0)
    sd = np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)
    return Curve(epochs, mean, sd, len(epochs) < len(logged))


def thin_out(epochs: NDArray[Number], at_most: int) -> NDArray[Number]:
    """Keep evenly chosen epochs, the first and the last included."""
    if len(epochs) <= at_most:
        return epochs
    return epochs[np.linspace(0, len(epochs) - 1, at_most).round().astype(int)]


def average_all(
    runs: Iterable[Mapping[str, Points | Arrays]], at_most: int = MOST_POINTS
) -> dict[str, Curve]:
    """Return the average curve of every metric over the runs that have logged it."""
    by_metric: dict[str, list[Points | Arrays]] = defaultdict(list)
    for run in runs:
        for name, logged in run.items():
            by_metric[name].append(logged)
    return {name: average(curves, at_most) for name, curves in by_metric.items()}


def without_single_points(rows: Iterable[Mapping[str, Curve]]) -> list[dict[str, Curve]]:
    """Return the curves of each row, without metrics of which no row has more than one point."""
    found = list(rows)
    lines = {name for curves in found for name, curve in curves.items() if len(curve.epochs) > 1}
    return [{name: curve for name, curve in curves.items() if name in lines} for curves in found]
