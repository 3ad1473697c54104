"""How the points of a sweep stand, read from its folder alone, so that every process sees the same."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from darnax.files import RECORD, open_regular, read_bytes
from darnax.locks import is_locked
from darnax.reports.compare import may_choose
from darnax.reports.record import row
from darnax.sweeps.names import names
from darnax.sweeps.record import Objective, Point, Record, read_notes

WATCHED = 1 << 15  # bytes at the end of metrics.jsonl in which the latest numbers stand
DONE = ("finished", "pruned")
ENDED = (*DONE, "failed", "refused")
TRIES = 2


@dataclass(frozen=True)
class State:
    """How one point stands.

    Args:
        name: what sets it apart from the other points.
        status: waiting | running | finished | pruned | interrupted | failed | refused.
        value: what the points are compared by.
        epochs: passes over the training set so far, and `of` so many.
        seconds: its run took, as far as it is written down.
        run: its folder.
        why: it failed, or was refused.
        given_up: it failed so often that only --retry-failed tries it again.
    """

    name: str
    status: str
    value: float = math.nan
    epochs: float = 0.0
    of: float = math.nan
    seconds: float = 0.0
    run: Path | None = None
    why: str = ""
    given_up: bool = False


def survey(record: Record) -> list[State]:
    """Return how every point stands, in the order of the sweep."""
    runs, called = record.runs(), names(record)
    return [
        state(record, point, runs.get(point.overrides), called[point.overrides])
        for point in record.points
    ]


def state(record: Record, point: Point, run: Path | None, name: str) -> State:
    """Return how one point stands: the run knows best, then the note, then whether it can be composed."""
    if point.refusal:
        return State(name, "refused", why=point.refusal)
    runner = (point.config or {}).get("runner")
    of = number(runner.get("epochs")) if isinstance(runner, dict) else math.nan
    summary = summary_of(run) if run else {}
    value = result(run, summary, record.goal) if run else math.nan
    numbers = (
        value,
        as_amount(summary.get("epochs")),
        of,
        as_amount(summary.get("wall_seconds")),
        run,
    )
    if summary.get("status") in DONE:
        return State(name, summary["status"], *numbers)
    note = record.note(point)
    if note.is_file() and is_locked(note):
        value, epoch = latest(run, record.goal) if run else (math.nan, 0.0)
        return State(name, "running", value, epoch, *numbers[2:])
    said = read_notes(note)
    failures = [line for line in said if line]
    if said and said[-1]:
        kind, _, why = said[-1].partition(": ")
        return State(
            name,
            "refused" if kind == "refused" else "failed",
            *numbers,
            why,
            given_up=len(failures) >= TRIES,
        )
    return State(name, "interrupted" if run else "waiting", *numbers)


def is_done(run: Path) -> bool:
    """Say whether nothing is left to do for a run."""
    return summary_of(run).get("status") in DONE


def summary_of(run: Path) -> dict[str, Any]:
    """Read the summary of a run; one that cannot be read holds nothing."""
    try:
        return row(read_bytes(run / "summary.json").decode(errors="replace"))
    except OSError:
        return {}


def result(run: Path, summary: dict[str, Any], goal: Objective) -> float:
    """Return what a run has come to."""
    if goal.value == "best":
        return best_logged(run / "metrics.jsonl", goal)
    metrics = summary.get("metrics")
    return number(metrics.get(goal.metric)) if isinstance(metrics, dict) else math.nan


def latest(run: Path, goal: Objective) -> tuple[float, float]:
    """Return what a run under way has come to, and its epoch."""
    try:
        with open_regular(run / "metrics.jsonl") as file:
            file.seek(max(file.seek(0, 2) - WATCHED, 0))
            rows = [row(line) for line in file.read().decode(errors="replace").splitlines()]
    except OSError:
        return math.nan, 0.0
    epoch = as_amount(rows[-1].get("epoch")) if rows else 0.0
    if goal.value == "best":
        return best_logged(run / "metrics.jsonl", goal), epoch
    return next(
        (number(each[goal.metric]) for each in reversed(rows) if each.get(goal.metric) is not None),
        math.nan,
    ), epoch


def best_logged(metrics: Path, goal: Objective) -> float:
    """Return the best value that a run has logged."""
    try:
        return goal.better(logged(metrics, goal.metric, metrics.stat().st_size))
    except OSError:
        return math.nan


@lru_cache(maxsize=4096)
def logged(metrics: Path, metric: str, size: int) -> tuple[float, ...]:
    """Return all values of a metric in a file of this size."""
    needle = f'"{metric}"'
    lines = read_bytes(metrics, RECORD)[:size].decode(errors="replace").splitlines()
    return tuple(number(row(line).get(metric)) for line in lines if needle in line)


def number(value: Any) -> float:
    """Return a JSON value as a number; nan for null, what is missing, and what is none."""
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.nan


def as_amount(value: Any) -> float:
    """Return a JSON value as a number of epochs or seconds; 0 where it is none."""
    return found if math.isfinite(found := number(value)) and found > 0 else 0.0


def time_left(states: Sequence[State], goal: Objective) -> float:
    """Estimate the seconds until all points are done, from those that are; nan before the first."""
    took = [s.seconds for s in states if s.status in DONE]
    if not took:
        return math.nan
    open_points = [1 - s.epochs / s.of if s.of else 1.0 for s in states if s.status not in ENDED]
    undrawn = max(goal.trials - len(states), 0)
    at_once = max(sum(s.status == "running" for s in states), 1)
    return sum(took) / len(took) * (sum(open_points) + undrawn) / at_once


def best(states: Sequence[State], goal: Objective) -> State | None:
    """Return the best point so far; None by a metric that may not choose, whatever a record says."""
    if not may_choose(goal.metric):
        return None
    top = goal.better(s.value for s in states)
    return next((s for s in states if s.value == top), None)
