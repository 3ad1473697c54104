"""The sample that a run adds to a comparison: one value, or mean and sd over its replicas."""

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from darnax.reports.digest import NOTHING, Digest, Extreme, Value
from darnax.reports.record import Entry, number
from darnax.reports.runs import Run

How = Literal["last", "highest", "lowest"]  # which of the values that a run has logged


class Sample(NamedTuple):
    """n values, by their mean and their standard deviation, which is nan for fewer than two."""

    n: int
    mean: float
    sd: float


def sample(run: Run, metric: str, how: How = "last", record: Digest | None = None) -> Sample | None:
    """Return the values of a metric in a run, or None if it has none.

    The last value is that of the summary; the highest and the lowest are taken from `record`, by
    default from the file of the run. A metric without a deviation, `<metric>_sd`, is one value,
    whatever the number of replicas.
    """
    if how == "last":
        sd = number(run.summary.get("metrics", {}).get(f"{metric}_sd"))
        found = Value(run.value(metric), sd)
    elif record is None:
        found = find_extreme(run.rows(metric), metric, how)
    else:
        found = record.extremes.get(metric, {}).get(how, NOTHING)
    if math.isnan(found.value):
        return None
    is_one = math.isnan(found.sd)
    return Sample(1 if is_one else len(run.seeds), *found)


def find_extreme(record: Iterable[Entry], metric: str, how: Extreme) -> Value:
    """Return the first of the highest or lowest values of a metric."""
    sign = 1 if how == "highest" else -1
    found = NOTHING
    for row in record:
        value = number(row.get(metric))
        if math.isnan(found.value) or sign * value > sign * found.value:
            found = Value(value, number(row.get(f"{metric}_sd")))
    return found


def pool(samples: Sequence[Sample]) -> Sample:
    """Return n, mean and deviation of all values together.

    (n − 1)·sd² = Σ (n_i − 1)·sd_i² + Σ n_i·(m_i − m)².

    Example:
        >>> pool([Sample(1, 0.0, math.nan), Sample(3, 2.0, 1.0)])  # as of 0 and 1, 2, 3
        Sample(n=4, mean=1.5, sd=1.2909944487358056)
    """
    n = sum(part.n for part in samples)
    if not n:
        return Sample(0, math.nan, math.nan)
    origin = samples[0].mean  # subtracted so that the deviation of equal values is exactly 0
    mean = origin + math.fsum(part.n * (part.mean - origin) for part in samples) / n
    if n == 1:
        return Sample(n, mean, math.nan)
    squares = []
    for part in samples:
        within = (part.n - 1) * part.sd**2 if part.n > 1 else 0.0
        squares.append(part.n * (part.mean - mean) ** 2 + within)
    return Sample(n, mean, math.sqrt(math.fsum(squares) / (n - 1)))
