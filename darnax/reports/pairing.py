"""Differences between two rows seed by seed, and p-values of several tests."""

import math
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from darnax.reports.runs import Run
from darnax.reports.sample import Sample

DATA = "data."  # keys that decide, with the seed, in which order examples are seen
ROUNDING = 1e-12  # of the differences of numbers about 1
CODES = ("data.labels", "data.encode", "data.shape")  # what is made of an example


class Paired(NamedTuple):
    """The mean of n differences, its 95 % interval, and the two-sided p of the paired t-test.

    Interval and p are nan where all differences are equal: their deviation is not known then.
    """

    n: int
    mean: float
    low: float
    high: float
    p: float


def pair(
    runs: Sequence[Run], samples: Sequence[Sample], best: Sequence[Run], bests: Sequence[Sample]
) -> Paired | None:
    """Return the differences of the runs of a row from those of the best row, by common seeds.

    t = d̄ / (sd_d / √n) with n − 1 degrees of freedom. It is None with fewer than two common seeds,
    for runs of several replicas, of which only mean and deviation are known, and where the rows
    have other data, so that the seed does not mean the same order of the same examples.
    """
    if not has_same_data(runs[:1], best[:1]):
        return None
    own, others = values_by_seed(runs, samples), values_by_seed(best, bests)
    differences = [own[seed] - others[seed] for seed in own if seed in others]
    n = len(differences)
    if n < 2:
        return None
    from scipy.special import stdtr, stdtrit

    mean = math.fsum(differences) / n
    squares = math.fsum((difference - mean) ** 2 for difference in differences)
    error = math.sqrt(squares / (n - 1) / n)
    if error <= ROUNDING:  # of equal differences t and the interval are undefined
        return Paired(n, mean, math.nan, math.nan, math.nan)
    half = float(stdtrit(n - 1, 0.975)) * error
    p = float(2 * stdtr(n - 1, -abs(mean) / error))
    return Paired(n, mean, mean - half, mean + half, p)


def has_same_data(runs: Sequence[Run], others: Sequence[Run]) -> bool:
    """Return whether the first runs of two rows have the same data, apart from their codes."""
    if not runs or not others:
        return False
    return examples_of(runs[0]) == examples_of(others[0])


def examples_of(run: Run) -> dict[str, Any]:
    """Return the settings that decide, with the seed, which examples are seen in which order."""
    items = run.config.items()
    return {
        key: value for key, value in items if key.startswith(DATA) and not key.startswith(CODES)
    }


def values_by_seed(runs: Sequence[Run], samples: Sequence[Sample]) -> dict[Hashable, float]:
    """Return seed -> the value of its run, for runs of one network."""
    found: dict[Hashable, float] = {}
    for run, sample in zip(runs, samples, strict=True):
        if len(run.seeds) == 1:
            found[run.seeds[0]] = sample.mean
    return found


def adjust_holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number by Holm's method; nan are no tests.

    The k-th smallest of m is multiplied by m − k + 1; none is smaller than those before it, and
    none above 1 (Holm 1979, Scandinavian Journal of Statistics 6, 65-70).

    Example:
        >>> adjust_holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    tests = sorted((p, n) for n, p in enumerate(values) if not math.isnan(p))
    adjusted = list(values)
    largest = 0.0
    for k, (p, n) in enumerate(tests):
        largest = max(largest, min(1.0, p * (len(tests) - k)))
        adjusted[n] = largest
    return adjusted
