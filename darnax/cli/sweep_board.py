"""A sweep on the screen: one live table of its points on a terminal, one line for every change when piped."""

import math
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from darnax.cli import tables
from darnax.printing import count_of
from darnax.reports import text
from darnax.sweeps.record import Objective, Record
from darnax.sweeps.survey import State, best, survey, time_left

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
EVERY = 1.0  # seconds between two looks at the folder


@contextmanager
def board(record: Record) -> Iterator[None]:
    """Show the sweep while the block runs."""
    if sys.stdout.isatty():
        from rich.live import Live

        with Live(
            get_renderable=lambda: render_table(record),
            refresh_per_second=1 / EVERY,
            transient=True,
        ):
            yield
        return
    over = threading.Event()
    teller = threading.Thread(target=print_changes, args=(record, over), daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def print_changes(record: Record, over: threading.Event) -> None:
    """Print a line whenever the status of a point changes."""
    before = {state.name: state.status for state in survey(record)}
    last = False
    while not last:
        last = over.wait(EVERY)
        states = survey(record)
        for number, state in enumerate(states, 1):
            if before.get(state.name, "waiting") != state.status:
                of = max(record.goal.trials, len(states))
                told = (
                    f"{number}/{of}",
                    state.name,
                    state.status,
                    text.metric(record.goal.metric, state.value),
                    state.why,
                )
                tables.echo("  ".join(filter(None, told)))
            before[state.name] = state.status


def render_table(record: Record) -> "Group":
    """Draw the points that fit on the screen, and a line about all of them."""
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
    """Leave out points that wait, then ones that ended long ago, until the table fits on the screen."""
    import shutil

    room = max(shutil.get_terminal_size().lines - 6, 5)
    first_waiting = next((i for i, s in enumerate(states) if s.status == "waiting"), len(states))
    start = max(min(first_waiting + 2, len(states)) - room, 0)
    return states[start : start + room]


def show(states: Sequence[State], goal: Objective) -> None:
    """Print the table of all points, and a line about them."""
    tables.show(columns(goal), [row(state, goal) for state in states])
    tables.echo(summarise(states, goal))


def columns(goal: Objective) -> tuple[str, ...]:
    """Name the columns of the table."""
    return ("point", "status", "epochs", f"{goal.value} {goal.metric}", "time", "run, or why not")


def row(state: State, goal: Objective) -> tuple[str, ...]:
    """Write one point for a table."""
    epochs = (
        f"{round(state.epochs, 1):g}/{state.of:g}"
        if state.epochs and not math.isnan(state.of)
        else ""
    )
    last = state.why or (state.run.name if state.run else "")
    return (
        state.name,
        state.status,
        epochs,
        text.metric(goal.metric, state.value),
        text.duration(state.seconds) if state.seconds else "",
        last,
    )


def summarise(states: Sequence[State], goal: Objective) -> str:
    """Count the points, name the best, and estimate the time that is left."""
    counts = {status: sum(s.status == status for s in states) for status in ("finished", *COLOURS)}
    parts = [
        f"{counts.pop('finished')} of {count_of(max(goal.trials, len(states)), 'point')} finished"
    ]
    parts += [f"{count} {status}" for status, count in counts.items() if count]
    if (top := best(states, goal)) is not None:
        parts.append(f"best {text.metric(goal.metric, top.value)} ({top.name})")
    open_points = len(states) < goal.trials or any(
        s.status in ("waiting", "running") for s in states
    )
    if open_points and not math.isnan(left := time_left(states, goal)):
        parts.append(f"about {text.duration(left)} left")
    return " · ".join(parts)
