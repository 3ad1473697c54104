"""The state of every point of a sweep, read from its folder alone: all processes see the same."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from darnax.files import read_bytes
from darnax.locks import is_locked
from darnax.metrics_file import parse_row, read_last_rows
from darnax.reports.chosen_metric import may_choose
from darnax.reports.record import number, rows
from darnax.sweeps.names import name_points
from darnax.sweeps.point import Objective, Point
from darnax.sweeps.record import Record, read_notes

DONE = ("finished", "pruned")
ENDED = (*DONE, "failed", "refused")
TRIES = 2  # a point that failed so often is run again only with --retry-failed


@dataclass(frozen=True)
class State:
    """The state of one point.

    Args:
        name: what distinguishes it from the other points.
        status: waiting | running | finished | pruned | interrupted | failed | refused.
        value: what the points are compared by.
        epochs: passes over the training set so far.
        of: passes over the training set in all.
        seconds: duration of its run, as far as it is recorded.
        run: its folder.
        why: it failed, or was refused.
        given_up: it failed so often that only --retry-failed runs it again.
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
    """Return the state of every point, in the order of the sweep."""
    runs, point_names = record.runs(), name_points(record)
    return [
        point_state(record, point, runs.get(point.overrides), point_names[point.overrides])
        for point in record.points
    ]


def point_state(record: Record, point: Point, run: Path | None, name: str) -> State:
    """Return the state of one point: of its run, else of its note, else of its composition."""
    if point.refusal:
        return State(name, "refused", why=point.refusal)
    runner = (point.config or {}).get("runner")
    of = number(runner.get("epochs")) if isinstance(runner, dict) else math.nan
    summary = read_summary(run) if run else {}
    value = run_value(run, summary, record.goal) if run else math.nan
    epochs = as_amount(summary.get("epochs"))
    seconds = as_amount(summary.get("wall_seconds"))
    if summary.get("status") in DONE:
        return State(name, summary["status"], value, epochs, of, seconds, run)
    note = record.note(point)
    if note.is_file() and is_locked(note):
        value, epochs = latest_value(run, record.goal) if run else (math.nan, 0.0)
        return State(name, "running", value, epochs, of, seconds, run)
    lines = read_notes(note)
    if lines and lines[-1]:  # its last start failed
        kind, _, why = lines[-1].partition(": ")
        status = "refused" if kind == "refused" else "failed"
        given_up = sum(bool(line) for line in lines) >= TRIES
        return State(name, status, value, epochs, of, seconds, run, why, given_up)
    return State(name, "interrupted" if run else "waiting", value, epochs, of, seconds, run)


def is_done(run: Path) -> bool:
    """Return whether nothing is left to do for a run."""
    return read_summary(run).get("status") in DONE


def read_summary(run: Path) -> dict[str, Any]:
    """Read the summary of a run; {} if it cannot be read."""
    try:
        return parse_row(read_bytes(run / "summary.json"))
    except OSError:
        return {}


def run_value(run: Path, summary: dict[str, Any], goal: Objective) -> float:
    """Return the value of a run that points are compared by."""
    if goal.value == "best":
        return best_logged(run / "metrics.jsonl", goal)
    metrics = summary.get("metrics")
    return number(metrics.get(goal.metric)) if isinstance(metrics, dict) else math.nan


def latest_value(run: Path, goal: Objective) -> tuple[float, float]:
    """Return the latest value of a run under way that points are compared by, and its epoch."""
    metrics = run / "metrics.jsonl"
    last = None
    try:
        epoch = as_amount(next(read_last_rows(metrics), {}).get("epoch"))
        if goal.value == "best":
            return best_logged(metrics, goal), epoch
        for entry in read_last_rows(metrics, goal.metric):
            last = entry.get(goal.metric)
            if last is not None:  # null stands for a number that was not finite
                break
    except OSError:
        return math.nan, 0.0
    return number(last), epoch


def best_logged(metrics: Path, goal: Objective) -> float:
    """Return the best value that a run has logged."""
    try:
        return goal.better(logged_values(metrics, goal.metric, metrics.stat().st_size))
    except OSError:
        return math.nan


@lru_cache(maxsize=4096)
def logged_values(metrics: Path, metric: str, size: int) -> tuple[float, ...]:
    """Return all values of a metric in a file; they are cached until its `size` changes."""
    del size
    return tuple(number(entry.get(metric)) for entry in rows(metrics, metric))


def as_amount(value: Any) -> float:
    """Return a JSON value as a number of epochs or seconds; 0 if it is not a positive number."""
    amount = number(value)
    return amount if math.isfinite(amount) and amount > 0 else 0.0


def time_left(states: Sequence[State], goal: Objective) -> float:
    """Estimate the seconds until all points are done from those that are; nan before the first."""
    durations = [state.seconds for state in states if state.status in DONE]
    if not durations:
        return math.nan
    unfinished = [state for state in states if state.status not in ENDED]
    open_parts = [1 - state.epochs / state.of if state.of else 1.0 for state in unfinished]
    undrawn = max(goal.trials - len(states), 0)
    at_once = max(sum(state.status == "running" for state in states), 1)
    return sum(durations) / len(durations) * (sum(open_parts) + undrawn) / at_once


def best_point(states: Sequence[State], goal: Objective) -> State | None:
    """Return the best point so far; None for a metric that may not be used to choose."""
    if not may_choose(goal.metric):
        return None
    top = goal.better(s.value for s in states)
    return next((s for s in states if s.value == top), None)
