"""Rows for a person: a table on a terminal, aligned plain columns when piped."""

import math
import sys
from collections.abc import Iterable, Sequence


def show(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print the rows under their columns; the last column may be long and is not padded."""
    lines = [[one_line(str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        boxed(columns, lines)
    else:
        plain(columns, lines)


def one_line(cell: str) -> str:
    """Take from a cell what would move the cursor, or do worse to a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in cell)


def boxed(columns: Sequence[str], lines: list[list[str]]) -> None:
    """For a terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(Text(column))
    for line in lines:
        table.add_row(*map(Text, line))
    Console().print(table)


def plain(columns: Sequence[str], lines: list[list[str]]) -> None:
    """For a file or another program: two spaces between columns, one row a line."""
    everything = [list(columns), *lines]
    widths = [max(len(line[i]) for line in everything) for i in range(len(columns))]
    for line in everything:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def percent(share: float) -> str:
    """Write 94.37% for a table, and nothing for nan."""
    return "" if math.isnan(share) else f"{share:.2%}"
