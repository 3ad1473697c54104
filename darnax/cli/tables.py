"""Everything that the commands print: lines, and rows as a table on a terminal or as aligned plain columns when piped."""

import math
import sys
from collections.abc import Iterable, Sequence

from darnax.printing import printable

__all__ = ["echo", "percent", "printable", "show"]


def echo(*lines: str, error: bool = False) -> None:
    """Print lines, to stderr if it is an `error`; nothing in them commands the terminal, or begins another line."""
    stream = sys.stderr if error else sys.stdout
    print(
        *(printable(line.expandtabs()) for line in lines or ("",)),
        sep="\n",
        file=stream,
        flush=True,
    )


def show(columns: Sequence[str], rows: Iterable[Sequence[object]], *, tight: bool = False) -> None:
    """Print the rows under their columns, without lines if there is little room; the last column may be long."""
    columns = [printable(name) for name in columns]
    lines = [[printable(str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        print_boxed(columns, lines, tight=tight)
    else:
        print_plain(columns, lines)


def print_boxed(columns: Sequence[str], lines: list[list[str]], *, tight: bool = False) -> None:
    """For a terminal."""
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
    """For a file or another program: two spaces between columns, one row a line."""
    everything = [list(columns), *lines]
    widths = [max(len(line[i]) for line in everything) for i in range(len(columns))]
    padded = [
        [cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in everything
    ]
    echo(*("  ".join(cells).rstrip() for cells in padded))


def percent(share: float) -> str:
    """Write 94.37% for a table, and nothing for nan."""
    return "" if math.isnan(share) else f"{share:.2%}"
