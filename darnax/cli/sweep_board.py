"""A sweep on the screen: a live table on a terminal, one line for every change when piped."""

import math
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from darnax.cli import tables
from darnax.printing import count_of
from darnax.reports import text
from darnax.sweeps.point import Objective
from darnax.sweeps.point_table import columns, row
from darnax.sweeps.record import Record
from darnax.sweeps.survey import State, best_point, survey, time_left

if TYPE_CHECKING:
    from rich.console import Group

COLOURS = {
    "running": "cyan",
    "finished": "green",
    "pruned": "blue",
    "failed": "red",
    "refused": "red",
    "interrupted": "yellow",
}
SURVEY_INTERVAL = 1.0  # seconds between two surveys of the folder


@contextmanager
def board(record: Record) -> Iterator[None]:
    """Show the sweep while the block runs."""
    if sys.stdout.isatty():
        from rich.live import Live

        with Live(
            get_renderable=lambda: render_table(record),
            refresh_per_second=1 / SURVEY_INTERVAL,
            transient=True,
        ):
            yield
        return
    over = threading.Event()
    printer = threading.Thread(target=print_changes, args=(record, over), daemon=True)
    printer.start()
    try:
        yield
    finally:
        over.set()
        printer.join()


def print_changes(record: Record, over: threading.Event) -> None:
    """Print a line whenever the status of a point changes."""
    before = {state.name: state.status for state in survey(record)}
    is_last = False
    while not is_last:
        is_last = over.wait(SURVEY_INTERVAL)  # after the end, changes are printed once more
        states = survey(record)
        total = max(record.goal.trials, len(states))
        for number, state in enumerate(states, 1):
            if before.get(state.name, "waiting") != state.status:
                value = text.metric(record.goal.metric, state.value)
                cells = (f"{number}/{total}", state.name, state.status, value, state.why)
                tables.echo("  ".join(filter(None, cells)))
            before[state.name] = state.status


def render_table(record: Record) -> "Group":
    """Return a table of the points that fit on the screen, and a line about all of them."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    states = survey(record)
    table = Table(*map(tables.printable, columns(record.goal)), box=SIMPLE_HEAD, pad_edge=False)
    for state in select_visible(states):
        point, status, *rest = map(tables.printable, row(state, record.goal))
        table.add_row(Text(point), Text(status, COLOURS.get(status, "dim")), *map(Text, rest))
    return Group(table, Text(tables.printable(summarise(states, record.goal))))


def select_visible(states: list[State]) -> list[State]:
    """Drop waiting points, then points that ended long ago, until the table fits the screen."""
    import shutil

    height = max(shutil.get_terminal_size().lines - 6, 5)
    waiting = (index for index, state in enumerate(states) if state.status == "waiting")
    first_waiting = next(waiting, len(states))
    start = max(min(first_waiting + 2, len(states)) - height, 0)
    return states[start : start + height]


def show(states: Sequence[State], goal: Objective) -> None:
    """Print the table of all points, and a line about them."""
    tables.show(columns(goal), [row(state, goal) for state in states])
    tables.echo(summarise(states, goal))


def summarise(states: Sequence[State], goal: Objective) -> str:
    """Count the points, name the best, and estimate the time that is left."""
    counts = Counter(state.status for state in states)
    total = count_of(max(goal.trials, len(states)), "point")
    parts = [f"{counts['finished']} of {total} finished"]
    for status in COLOURS:
        if status != "finished" and counts[status]:
            parts.append(f"{counts[status]} {status}")
    top = best_point(states, goal)
    if top is not None:
        parts.append(f"best {text.metric(goal.metric, top.value)} ({top.name})")
    is_open = len(states) < goal.trials or counts["waiting"] or counts["running"]
    left = time_left(states, goal) if is_open else math.nan
    if not math.isnan(left):
        parts.append(f"about {text.duration(left)} left")
    return " · ".join(parts)
