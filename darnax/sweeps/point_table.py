"""The points of a sweep as a table of text: what the command line prints and a notebook shows."""

import math

from darnax.printing import format_duration
from darnax.reports import text
from darnax.sweeps.point import Objective
from darnax.sweeps.survey import State


def columns(goal: Objective) -> tuple[str, ...]:
    """Return the heads of the table."""
    return ("point", "status", "epochs", f"{goal.value} {goal.metric}", "time", "run, or why not")


def row(state: State, goal: Objective) -> tuple[str, ...]:
    """Return the cells of one point."""
    epochs = ""
    if state.epochs and not math.isnan(state.of):
        epochs = f"{round(state.epochs, 1):g}/{state.of:g}"
    value = text.metric(goal.metric, state.value)
    duration = format_duration(state.seconds) if state.seconds else ""
    last = state.why or (state.run.name if state.run else "")
    return state.name, state.status, epochs, value, duration, last
