"""What a run adds to a row of a comparison: one value, or mean and deviation of the replicas that it trained as one."""

import math
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Literal, NamedTuple

from darnax.reports.record import Entry, number
from darnax.reports.runs import Run

How = Literal["last", "highest", "lowest"]  # of all the values that a run has logged


class Sample(NamedTuple):
    """n values by their mean and their standard deviation, which is nan of fewer than two."""

    n: int
    mean: float
    sd: float


def sample(
    run: Run, metric: str, how: How = "last", record: Iterable[Entry] | None = None
) -> Sample | None:
    """Return what a run says of a metric, None where it says nothing.

    The last value is that of the summary, the highest and the lowest are looked up in the `record` (by default the file).
    A metric that the runner gives no deviation for, `<metric>_sd`, is one value, whatever the number of replicas.
    """
    if how == "last":
        entry: Entry = {**run.summary.get("metrics", {}), metric: run.value(metric)}
    else:
        entry = extreme(run.rows(metric) if record is None else record, metric, how)
    value, sd = number(entry.get(metric)), number(entry.get(f"{metric}_sd"))
    if math.isnan(value):
        return None
    return Sample(1, value, math.nan) if math.isnan(sd) else Sample(len(run.seeds), value, sd)


def extreme(record: Iterable[Entry], metric: str, how: How) -> Entry:
    """Return the row in which a metric is highest or lowest, the first such; an empty one where it never is a number."""
    there = [(value, row) for row in record if not math.isnan(value := number(row.get(metric)))]
    return (max if how == "highest" else min)(there, key=itemgetter(0), default=(math.nan, {}))[1]


def pool(samples: Sequence[Sample]) -> Sample:
    """Return n, mean and deviation of all values together: (n − 1)·sd² = Σ (n_i − 1)·sd_i² + Σ n_i·(m_i − m)².

    Example:
        >>> pooled([Sample(1, 0.0, math.nan), Sample(3, 2.0, 1.0)])  # say 0 and 1, 2, 3
        Sample(n=4, mean=1.5, sd=1.2909944487358056)
    """
    n = sum(part.n for part in samples)
    if not n:
        return Sample(0, math.nan, math.nan)
    origin = samples[0].mean  # so that equal values have no deviation, to the last bit
    mean = origin + math.fsum(part.n * (part.mean - origin) for part in samples) / n
    squares = (
        part.n * (part.mean - mean) ** 2 + ((part.n - 1) * part.sd**2 if part.n > 1 else 0.0)
        for part in samples
    )
    return Sample(n, mean, math.sqrt(math.fsum(squares) / (n - 1)) if n > 1 else math.nan)
