"""metrics.jsonl, the record of a run, as a reader sees it: rows, torn lines passed over."""

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from darnax.files import RECORD, open_regular, read_bytes

Entry = Mapping[str, Any]  # a row: metric -> number, and the step and the epoch of it

TAIL = 1 << 17  # bytes that hold the last evaluation of a run under way


def rows(metrics: Path, holding: str = "") -> Iterator[Entry]:
    """Yield the rows, first to last; with `holding`, only those that have this metric."""
    try:
        text = read_bytes(metrics, RECORD)
    except OSError:
        return
    yield from filter(None, map(row, lines(text, f'"{holding}":'.encode() if holding else b"")))


def lines(text: bytes, needle: bytes) -> Iterator[bytes]:
    """Yield the lines that hold the needle; of a long text with few of them, far faster than splitting it."""
    found = text.find(needle)
    while found >= 0:
        end = text.find(b"\n", found)
        end = len(text) if end < 0 else end
        yield text[text.rfind(b"\n", 0, found) + 1 : end]
        found = text.find(needle, end + 1)


def last_logged(metrics: Path, metric: str) -> float:
    """Return the last value of a metric in the record of a run under way; nan where there is none."""
    try:
        with open_regular(metrics) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            tail = file.read().splitlines()
    except OSError:
        return math.nan
    needle = f'"{metric}":'.encode()
    return next(
        (number(row(line).get(metric)) for line in reversed(tail) if needle in line and row(line)),
        math.nan,
    )


def row(line: bytes | str) -> dict[str, Any]:
    """Read a line; an empty row for one that is torn."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def number(value: Any) -> float:
    """Return a JSON value as a finite number; nan for anything else."""
    return (
        float(value)
        if type(value) in (int, float) and abs(value) <= sys.float_info.max
        else math.nan
    )  # True is no number
