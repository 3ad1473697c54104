"""What `darnax.sweep` shows while it runs: lines in a terminal, a table in a notebook."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from darnax.api.display import in_notebook, notebook_stages
from darnax.api.stages import terminal_stages
from darnax.api.sweep_status import read_status, reporting_changes, summarise, watching
from darnax.printing import printable
from darnax.sweeps.display import SILENT, SweepDisplay
from darnax.sweeps.point import Objective
from darnax.sweeps.record import Record
from darnax.sweeps.survey import State


def choose_sweep_display(progress: bool | None) -> SweepDisplay:
    """Return the display of a sweep; with None, progress in a terminal or a notebook alone."""
    if progress is False:
        return SILENT
    if in_notebook():
        return SweepDisplay(board=notebook_board, data_progress=notebook_stages, note=print_note)
    if progress or sys.stdout.isatty():
        return SweepDisplay(
            board=terminal_board,
            table=print_summary,
            data_progress=terminal_stages,
            note=print_note,
        )
    return SILENT


@contextmanager
def notebook_board(record: Record) -> Iterator[None]:
    """Show the table of the points while the block runs, and update it."""
    from IPython import display

    ipython: Any = display
    handle = ipython.display(ipython.HTML(""), display_id=True)

    def look() -> None:
        handle.update(ipython.HTML(read_status(record)._repr_html_()))

    with watching(look):
        yield


@contextmanager
def terminal_board(record: Record) -> Iterator[None]:
    """Print a line whenever the status of a point changes, while the block runs."""
    with reporting_changes(record, print_line):
        yield


def print_summary(states: Sequence[State], goal: Objective) -> None:
    """Print one line about all points."""
    print_line(summarise(states, goal))


def print_note(line: str) -> None:
    """Print a line about something that is left as it is."""
    print_line(f"note: {line}")


def print_line(line: str) -> None:
    """Print a line; control characters are escaped."""
    print(printable(line), flush=True)
