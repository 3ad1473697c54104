"""The record of a run as reports use it: a file that cannot be read is empty."""

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from darnax.metrics_file import read_last_rows, read_rows

Entry = Mapping[str, Any]  # a row: metric -> number, and the step and the epoch of it


def rows(metrics: Path, holding: str = "") -> Iterator[Entry]:
    """Yield the rows, first to last; with `holding`, only those that have this metric."""
    with suppress(OSError):
        yield from read_rows(metrics, holding)


def last_logged(metrics: Path, metric: str) -> float:
    """Return the last value of a metric in the record of an unfinished run; nan if it has none."""
    try:
        last = next(read_last_rows(metrics, metric), {})
    except OSError:
        return math.nan
    return number(last.get(metric))


def number(value: Any) -> float:
    """Return a JSON value as a finite number; nan for anything else."""
    is_number = type(value) in (int, float)  # isinstance would accept True
    return float(value) if is_number and abs(value) <= sys.float_info.max else math.nan
