"""What commands print: lines, and tables, drawn on a terminal or as aligned columns when piped."""

import math
import sys
from collections.abc import Iterable, Sequence

from darnax.printing import align_columns, printable

__all__ = ["echo", "percent", "printable", "show"]


def echo(*lines: str, error: bool = False) -> None:
    """Print lines, to stderr if it is an `error`; control characters are escaped."""
    stream = sys.stderr if error else sys.stdout
    print(
        *(printable(line.expandtabs()) for line in lines or ("",)),
        sep="\n",
        file=stream,
        flush=True,
    )


def show(columns: Sequence[str], rows: Iterable[Sequence[object]], *, tight: bool = False) -> None:
    """Print a table; a `tight` one has no lines; the last column may be long."""
    columns = [printable(name) for name in columns]
    lines = [[printable(str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        print_boxed(columns, lines, tight=tight)
    else:
        print_plain(columns, lines)


def print_boxed(columns: Sequence[str], lines: list[list[str]], *, tight: bool = False) -> None:
    """Print a table for a terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=None if tight else SIMPLE_HEAD,
        padding=(0, 2 if tight else 1, 0, 0 if tight else 1),
        pad_edge=False,
    )
    for name in columns:
        table.add_column(Text(name, "bold"))
    for line in lines:
        table.add_row(*map(Text, line))
    Console().print(table)


def print_plain(columns: Sequence[str], lines: list[list[str]]) -> None:
    """Print a table for a file or another program: two spaces between columns, one line a row."""
    echo(*align_columns([columns, *lines]))


def percent(fraction: float) -> str:
    """Format a fraction as 94.37%; nan as ""."""
    return "" if math.isnan(fraction) else f"{fraction:.2%}"
