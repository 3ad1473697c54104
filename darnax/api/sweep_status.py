"""The state of a sweep: a table of its points, and one line about them."""

import math
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path

from darnax.api.table import TextTable
from darnax.printing import count_of, element_text, format_duration, printable
from darnax.reports import text
from darnax.sweeps.point import Objective
from darnax.sweeps.point_table import columns, row
from darnax.sweeps.record import Record
from darnax.sweeps.survey import State, best_point, survey, time_left

COUNTED = ("running", "pruned", "failed", "refused", "interrupted")  # besides `finished`
SEED = re.compile(r"(?:^| )seed=")  # in the name of a point
SURVEY_INTERVAL = 1.0  # seconds between two surveys of the folder


class SweepStatus:
    """The state of a sweep; prints as a table of its points, and a line about them.

    Args:
        points: the state of every point.
        goal: what they are compared by.
    """

    def __init__(self, points: Sequence[State], goal: Objective) -> None:
        self.points, self.goal = points, goal

    @property
    def columns(self) -> Sequence[str]:
        """The heads of the table."""
        return columns(self.goal)

    @property
    def rows(self) -> Sequence[Sequence[str]]:
        """The cells of every point, as text."""
        return [row(point, self.goal) for point in self.points]

    @property
    def table(self) -> TextTable:
        """The table, as `darnax sweep status` prints it."""
        return TextTable(self.columns, self.rows)

    @property
    def summary(self) -> str:
        """The numbers of points by their status, the best one, and the time that is left."""
        return summarise(self.points, self.goal)

    def __repr__(self) -> str:
        return f"{self.table!r}\n{printable(self.summary)}"

    def _repr_html_(self) -> str:
        return f"{self.table._repr_html_()}<div>{element_text(self.summary)}</div>"


def status_of(folder: Path) -> SweepStatus:
    """Return the state of the sweep in a folder.

    Raises:
        RequestError: there is none, or its record is damaged.
    """
    return read_status(Record.read(folder.absolute()))


def read_status(record: Record) -> SweepStatus:
    """Return the state of the sweep with a record, from its folder."""
    return SweepStatus(survey(record), record.goal)


def summarise(states: Sequence[State], goal: Objective) -> str:
    """Count the points, name the best, and estimate the time that is left."""
    counts = Counter(state.status for state in states)
    of = count_of(max(goal.trials, len(states)), "point")
    parts = [f"{counts['finished']} of {of} finished"]
    parts += [f"{counts[status]} {status}" for status in COUNTED if counts[status]]
    top = best_point(states, goal)
    if top is not None:
        best = f"best point {text.metric(goal.metric, top.value)} ({top.name})"
        # Of a setting with several seeds, one point says little.
        is_one_of_several = SEED.search(top.name) and top.name.count("=") > 1
        parts.append(best + ("; choose a setting with darnax compare" if is_one_of_several else ""))
    is_open = len(states) < goal.trials or counts["waiting"] or counts["running"]
    left = time_left(states, goal) if is_open else math.nan
    if not math.isnan(left):
        parts.append(f"about {format_duration(left)} left")
    return " · ".join(parts)


@contextmanager
def watching(look: Callable[[], None], every: float = SURVEY_INTERVAL) -> Iterator[None]:
    """Call a function again and again while the block runs, in another thread; once more after."""
    over = threading.Event()

    def repeat() -> None:
        is_last = False
        while not is_last:
            is_last = over.wait(every)
            look()

    # The output of a notebook's cell is found by a context variable.
    context = copy_context()
    watcher = threading.Thread(target=context.run, args=(repeat,), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


@contextmanager
def reporting_changes(record: Record, show: Callable[[str], None]) -> Iterator[None]:
    """Show a line whenever the status of a point changes, while the block runs."""
    before = {state.name: state.status for state in survey(record)}

    def look() -> None:
        states = survey(record)
        for number, state in enumerate(states, 1):
            if before.get(state.name, "waiting") != state.status:
                show(describe_change(number, state, record.goal, len(states)))
            before[state.name] = state.status

    with watching(look):
        yield


def describe_change(number: int, state: State, goal: Objective, points: int) -> str:
    """Return a line about the new status of a point."""
    value = text.metric(goal.metric, state.value)
    cells = (f"{number}/{max(goal.trials, points)}", state.name, state.status, value, state.why)
    return "  ".join(filter(None, cells))
