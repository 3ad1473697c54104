"""How the points of a sweep stand, read from its folder alone, so that every process sees the same."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darnax.cli.sweep_record import Point, Record
from darnax.locks import is_held

ACCURACY = "eval/accuracy"
WATCHED = 1 << 15  # bytes at the end of metrics.jsonl in which the latest numbers stand
ENDED = ("finished", "failed", "refused")


@dataclass(frozen=True)
class State:
    """How one point stands.

    Args:
        name: what sets it apart from the other points.
        status: waiting | running | finished | interrupted | failed | refused.
        epochs: passes over the training set so far, and `of` so many.
        seconds: its run took, as far as it is written down.
        run: its folder.
        why: it failed, or was refused.
    """

    name: str
    status: str
    accuracy: float = math.nan
    epochs: float = 0.0
    of: float = math.nan
    seconds: float = 0.0
    run: Path | None = None
    why: str = ""


def survey(record: Record) -> list[State]:
    """Return how every point stands, in the order of the sweep."""
    runs = record.runs()
    constant = common([point.overrides for point in record.points])
    return [state(record, point, runs.get(point.overrides), constant) for point in record.points]


def common(overrides: Sequence[tuple[str, ...]]) -> set[str]:
    """Return the overrides that all points share, if there is more than one point."""
    return set.intersection(*map(set, overrides)) if len(overrides) > 1 else set()


def state(record: Record, point: Point, run: Path | None, constant: set[str]) -> State:
    """Return how one point stands: the run knows best, then the note, then whether it can be composed."""
    name = " ".join(override for override in point.overrides if override not in constant)
    of = float((point.config or {}).get("runner", {}).get("epochs", math.nan))
    summary = loaded((run / "summary.json").read_text()) if run else {}
    numbers = (summary.get("metrics") or {}).get(ACCURACY, math.nan), summary.get("epochs", 0.0), of
    seconds = summary.get("wall_seconds", 0.0)
    if point.refusal:
        return State(name, "refused", why=point.refusal)
    if summary.get("status") == "finished":
        return State(name, "finished", *numbers, seconds, run)
    note = record.note(point)
    if is_held(note):
        return State(name, "running", *(latest(run) if run else (math.nan, 0.0)), of, seconds, run)
    kind, _, why = (note.read_text() if note.exists() else "").partition(": ")
    if why:
        return State(name, kind, *numbers, seconds, run, why)
    return State(name, "interrupted" if run else "waiting", *numbers, seconds, run)


def latest(run: Path) -> tuple[float, float]:
    """Return the last accuracy and epoch that a run has logged."""
    try:
        with (run / "metrics.jsonl").open("rb") as file:
            file.seek(max(file.seek(0, 2) - WATCHED, 0))
            rows = [loaded(line) for line in file.read().decode(errors="replace").splitlines()]
    except OSError:
        return math.nan, 0.0
    accuracies = [row[ACCURACY] for row in rows if row.get(ACCURACY) is not None]
    return accuracies[-1] if accuracies else math.nan, rows[-1].get("epoch", 0.0) if rows else 0.0


def loaded(text: str) -> dict[str, Any]:
    """Read one JSON object; a torn one holds nothing."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def time_left(states: Sequence[State]) -> float:
    """Estimate the seconds until all points are done, from those that are; nan before the first."""
    took = [s.seconds for s in states if s.status == "finished"]
    if not took:
        return math.nan
    open_points = [1 - s.epochs / s.of if s.of else 1.0 for s in states if s.status not in ENDED]
    at_once = max(sum(s.status == "running" for s in states), 1)
    return sum(took) / len(took) * sum(open_points) / at_once


def best(states: Sequence[State]) -> State | None:
    """Return the point with the highest accuracy so far."""
    known = [s for s in states if not math.isnan(s.accuracy)]
    return max(known, key=lambda s: s.accuracy, default=None)
