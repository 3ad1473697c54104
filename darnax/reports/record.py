"""metrics.jsonl, the record of a run, as a reader sees it: rows, torn lines passed over."""

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]  # a row: metric -> number, and the step and the epoch of it

TAIL = 1 << 17  # bytes that hold the last evaluation of a run under way


def rows(metrics: Path, holding: str = "") -> Iterator[Entry]:
    """Yield the rows, first to last; with `holding`, only those that have this metric."""
    needle = f'"{holding}":'.encode() if holding else b""
    try:
        lines = metrics.read_bytes().splitlines()
    except OSError:
        return
    yield from (entry for line in lines if needle in line and (entry := row(line)))


def last_logged(metrics: Path, metric: str) -> float:
    """Return the last value of a metric in the record of a run under way; nan where there is none."""
    try:
        with metrics.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            lines = file.read().splitlines()
    except OSError:
        return math.nan
    needle = f'"{metric}":'.encode()
    return next((number(row(line).get(metric)) for line in reversed(lines) if needle in line and row(line)), math.nan)


def row(line: bytes | str) -> dict[str, Any]:
    """Read a line; an empty row for one that is torn."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def number(value: Any) -> float:
    """Return a JSON value as a number; nan for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
