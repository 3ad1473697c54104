"""Read metrics.jsonl, the record of a run; incomplete lines are ignored."""

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from darnax.files import RECORD, open_regular, read_bytes

Entry = Mapping[str, Any]  # a row: metric -> number, and the step and the epoch of it

TAIL = 1 << 17  # bytes at the end that contain the last evaluation of an unfinished run


def rows(metrics: Path, holding: str = "") -> Iterator[Entry]:
    """Yield the rows, first to last; with `holding`, only those that have this metric."""
    try:
        text = read_bytes(metrics, RECORD)
    except OSError:
        return
    needle = f'"{holding}":'.encode() if holding else b""
    yield from filter(None, map(row, find_lines(text, needle)))


def find_lines(text: bytes, needle: bytes) -> Iterator[bytes]:
    """Yield the lines that contain the needle.

    Where few lines of a long text do, this is far faster than splitting the text.
    """
    found = text.find(needle)
    while found >= 0:
        end = text.find(b"\n", found)
        end = len(text) if end < 0 else end
        yield text[text.rfind(b"\n", 0, found) + 1 : end]
        found = text.find(needle, end + 1)


def last_logged(metrics: Path, metric: str) -> float:
    """Return the last value of a metric in the record of an unfinished run; nan if it has none."""
    try:
        with open_regular(metrics) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            tail = file.read().splitlines()
    except OSError:
        return math.nan
    needle = f'"{metric}":'.encode()
    for line in reversed(tail):
        entry = row(line) if needle in line else {}
        if entry:
            return number(entry.get(metric))
    return math.nan


def row(line: bytes | str) -> dict[str, Any]:
    """Read a line; an empty row for an incomplete one."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def number(value: Any) -> float:
    """Return a JSON value as a finite number; nan for anything else."""
    is_number = type(value) in (int, float)  # isinstance would accept True
    return float(value) if is_number and abs(value) <= sys.float_info.max else math.nan
