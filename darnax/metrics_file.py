"""Reads metrics.jsonl, the record of a run: one JSON object per line, of bounded size.

A run that is killed leaves an incomplete line, and a folder may come from anywhere: lines that are
no JSON objects are ignored. The file is read block by block and never held in memory as a whole.
"""

import errno
import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from darnax.files import open_regular

LARGEST = 1 << 33  # bytes of a record; six million rows of 50 metrics
LONGEST = 1 << 24  # bytes of a line; a row of 50 metrics has 1,500
BLOCK = 1 << 20  # bytes that are read at once
TAIL = 1 << 17  # bytes at the end that contain the last evaluation of an unfinished run


def parse_row(line: bytes | str) -> dict[str, Any]:
    """Return the JSON object in a line; {} if there is none.

    Example:
        >>> parse_row('{"step": 3}'), parse_row('{"step": '), parse_row("3")
        ({'step': 3}, {}, {})
    """
    # What is not UTF-8 is replaced, so that one damaged character loses no row.
    text = line.decode(errors="replace") if isinstance(line, bytes) else line
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def read_lines(path: Path, metric: str = "") -> Iterator[bytes]:
    """Yield the lines, first to last; with `metric`, only those that may have it.

    Raises:
        OSError: the file cannot be read, or is larger than `LARGEST`.
    """
    needle = as_needle(metric)
    for block in read_blocks(path):
        yield from find_lines(block, needle) if needle else block.split(b"\n")


def read_blocks(path: Path) -> Iterator[bytes]:
    """Yield the file in blocks of whole lines, without the line break at the end of a block.

    The beginning of a line of more than `LONGEST` bytes is replaced, so that it is no JSON object.

    Raises:
        OSError: as `read_lines`.
    """
    too_large = OSError(errno.EFBIG, f"has more than {LARGEST} bytes", str(path))
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > LARGEST:
            raise too_large
        total = 0
        unfinished = b""  # the line at the end of what has been read
        for chunk in iter(partial(file.read, BLOCK), b""):
            total += len(chunk)
            if total > LARGEST:  # it grows, or has no size, as a file in /proc
                raise too_large
            lines, line_break, rest = chunk.rpartition(b"\n")
            if line_break:
                yield unfinished + lines
                unfinished = rest
            else:
                unfinished += rest
            if len(unfinished) > LONGEST:
                unfinished = b"\0"
        yield unfinished


def read_rows(path: Path, metric: str = "") -> Iterator[dict[str, Any]]:
    """Yield the rows, first to last; with `metric`, only those that have it.

    Raises:
        OSError: as `read_lines`.
    """
    for line in read_lines(path, metric):
        row = parse_row(line)
        if row:
            yield row


def read_last_rows(path: Path, metric: str = "") -> Iterator[dict[str, Any]]:
    """Yield the rows in the last `TAIL` bytes, last to first; with `metric`, those that have it.

    Raises:
        OSError: the file cannot be read.
    """
    with open_regular(path) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
        lines = file.read().split(b"\n")
    needle = as_needle(metric)
    for line in reversed(lines):
        row = parse_row(line) if needle in line else {}
        if row:
            yield row


def as_needle(metric: str) -> bytes:
    """Return what a line with a metric contains; what every line does, without a metric."""
    return f'"{metric}":'.encode() if metric else b""


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
