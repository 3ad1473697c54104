"""A sweep on the screen: a live table on a terminal, one line for every change when piped."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from darnax.api.sweep_status import SURVEY_INTERVAL, SweepStatus, read_status, reporting_changes
from darnax.cli import tables

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


def board(record: Any) -> AbstractContextManager[Any]:
    """Show the sweep with a record for the duration of a block."""
    if not sys.stdout.isatty():
        return reporting_changes(record, tables.echo)
    from rich.live import Live

    return Live(
        get_renderable=lambda: render_table(read_status(record)),
        refresh_per_second=1 / SURVEY_INTERVAL,
        transient=True,
    )


def render_table(status: SweepStatus) -> "Group":
    """Return a table of the points that fit on the screen, and a line about all of them."""
    from shutil import get_terminal_size

    from rich.console import Group
    from rich.text import Text

    from darnax.cli.columns import lay_out

    columns, rows = status.table
    cells = [list(map(tables.printable, row)) for row in select_visible(rows)]
    width = get_terminal_size().columns
    heads = list(map(tables.printable, columns))
    return Group(
        lay_out(heads, cells, width, styles=COLOURS), Text(tables.printable(status.summary))
    )


def select_visible(rows: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """Drop waiting points, then points that ended long ago, until the table fits the screen."""
    import shutil

    height = max(shutil.get_terminal_size().lines - 6, 5)
    waiting = (number for number, (_, status, *_) in enumerate(rows) if status == "waiting")
    first_waiting = next(waiting, len(rows))
    start = max(min(first_waiting + 2, len(rows)) - height, 0)
    return rows[start : start + height]


def show(status: SweepStatus) -> None:
    """Print the table of all points, and a line about them."""
    tables.show(*status.table)
    tables.note(status.summary)
