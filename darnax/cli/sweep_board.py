"""A sweep on the screen: one live table of its points on a terminal, one line for every change when piped."""

import math
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from darnax.cli import tables
from darnax.cli.sweep_record import Record
from darnax.cli.sweep_survey import State, best, survey, time_left

if TYPE_CHECKING:
    from rich.console import Group

COLUMNS = ("point", "status", "epochs", "accuracy", "time", "run, or why not")
COLOURS = {"running": "cyan", "finished": "green", "failed": "red", "refused": "red", "interrupted": "yellow"}
EVERY = 1.0  # seconds between two looks at the folder


@contextmanager
def board(record: Record) -> Iterator[None]:
    """Show the sweep while the block runs."""
    if sys.stdout.isatty():
        from rich.live import Live

        with Live(get_renderable=lambda: picture(record), refresh_per_second=1 / EVERY, transient=True):
            yield
        return
    over = threading.Event()
    teller = threading.Thread(target=tell, args=(record, over), daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def tell(record: Record, over: threading.Event) -> None:
    """Print a line whenever the status of a point changes."""
    before = {state.name: state.status for state in survey(record)}
    last = False
    while not last:
        last = over.wait(EVERY)
        states = survey(record)
        for number, state in enumerate(states, 1):
            if before.get(state.name, "waiting") != state.status:
                told = (f"{number}/{len(states)}", state.name, state.status, tables.percent(state.accuracy), state.why)
                print("  ".join(filter(None, told)), flush=True)
            before[state.name] = state.status


def picture(record: Record) -> "Group":
    """Draw the points that fit on the screen, and a line about all of them."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    states = survey(record)
    table = Table(*COLUMNS, box=SIMPLE_HEAD, pad_edge=False)
    for state in fitting(states):
        point, status, *rest = row(state)
        table.add_row(Text(point), Text(status, COLOURS.get(status, "dim")), *map(Text, rest))
    return Group(table, Text(about(states)))


def fitting(states: list[State]) -> list[State]:
    """Leave out points that wait, then ones that ended long ago, until the table fits on the screen."""
    import shutil

    room = max(shutil.get_terminal_size().lines - 6, 5)
    first_waiting = next((i for i, s in enumerate(states) if s.status == "waiting"), len(states))
    start = max(min(first_waiting + 2, len(states)) - room, 0)
    return states[start : start + room]


def show(states: Sequence[State]) -> None:
    """Print the table of all points, and a line about them."""
    tables.show(COLUMNS, map(row, states))
    print(about(states), flush=True)


def row(state: State) -> tuple[str, ...]:
    """Write one point for a table."""
    epochs = f"{round(state.epochs, 1):g}/{state.of:g}" if state.epochs and not math.isnan(state.of) else ""
    last = state.why or (state.run.name if state.run else "")
    return (
        state.name,
        state.status,
        epochs,
        tables.percent(state.accuracy),
        duration(state.seconds) if state.seconds else "",
        last,
    )


def about(states: Sequence[State]) -> str:
    """Count the points, and name the best."""
    counts = {status: sum(s.status == status for s in states) for status in ("finished", *COLOURS)}
    parts = [f"{counts.pop('finished')} of {len(states)} points finished"]
    parts += [f"{count} {status}" for status, count in counts.items() if count]
    if (top := best(states)) is not None:
        parts.append(f"best {tables.percent(top.accuracy)} ({top.name})")
    if any(s.status in ("waiting", "running") for s in states) and not math.isnan(left := time_left(states)):
        parts.append(f"about {duration(left)} left")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Write 3 s, 4 min 05 s, 2 h 10 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    form = "%M min %S s" if seconds < 3600 else "%H h %M min"
    return time.strftime(form, time.gmtime(seconds)).lstrip("0")
