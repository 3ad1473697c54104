"""Digests of records; those of long records are kept in the cache of reports.

An entry of the cache belongs to one state of one file: its place on the disk, its size, and the
times of its last change. The time of the last change of anything about a file (`ctime`) cannot be
set by programs, so that no other content has the same state.
"""

import os
import time
from collections.abc import Container
from contextlib import suppress
from pathlib import Path
from typing import Any

from darnax import metrics_file
from darnax.reports import cache, digest, record
from darnax.reports.digest import Digest, Value

LONG = 1 << 24  # bytes; a shorter record is read in half a second
# Seconds. Two changes of a file within one tick of the clock have the same time: what has changed
# so recently may change again unnoticed, and is not kept.
RECENT = 2.0
CODE = (metrics_file, record, digest)


def read_digest(path: Path, wanted: Container[str] | None = None) -> Digest:
    """Return the digest of a record; an empty one if it cannot be read.

    Of a short record only the metrics that are `wanted` are digested.
    """
    before = describe_state(path)
    if not before or before[2] < LONG:
        return digest.digest(record.rows(path), wanted)
    name = f"record-{cache.digest(os.fsencode(os.path.realpath(path)))}"
    try:
        code = cache.digest_code(CODE)
    except OSError:
        return digest.digest(record.rows(path))
    entry = cache.load(name, code)
    if isinstance(entry, dict) and entry.get("state") == before:
        return from_json(entry)
    found = digest.digest(record.rows(path))
    is_settled = time.time() - before[-1] / 1e9 > RECENT
    if is_settled and describe_state(path) == before:
        cache.store(name, code, {"state": before, **as_json(found)})
    return found


def describe_state(path: Path) -> list[int]:
    """Return what changes with every change of a file; [] if there is none."""
    with suppress(OSError):
        found = path.stat()
        return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
    return []


def as_json(found: Digest) -> dict[str, Any]:
    """Return a digest as JSON values."""
    return {
        "extremes": found.extremes,
        "points": found.points,
        "is_thinned": found.is_thinned,
    }


def from_json(entry: dict[str, Any]) -> Digest:
    """Return the digest that `as_json` was given."""
    extremes = {}
    for name, values in entry["extremes"].items():
        extremes[name] = {how: Value(*value) for how, value in values.items()}
    points = {name: (epochs, values) for name, (epochs, values) in entry["points"].items()}
    return Digest(extremes, points, entry["is_thinned"])
