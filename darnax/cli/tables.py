"""What commands print: lines, and tables, drawn on a terminal or as aligned columns when piped."""

import math
import sys
from collections.abc import Iterable, Sequence

from darnax.printing import align_columns, printable

__all__ = ["echo", "note", "percent", "printable", "show"]


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
    """Print a table, on a terminal in its width; a `tight` one has no line below its heads."""
    columns = [printable(name) for name in columns]
    lines = [[printable(str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        print_boxed(columns, lines, tight=tight)
    else:
        print_plain(columns, lines)


def print_boxed(columns: Sequence[str], lines: list[list[str]], *, tight: bool = False) -> None:
    """Print a table for a terminal."""
    from rich.console import Console

    from darnax.cli.columns import lay_out

    table = lay_out(columns, lines, Console().width, tight=tight)
    Console().print(table, soft_wrap=True, highlight=False)


def print_plain(columns: Sequence[str], lines: list[list[str]]) -> None:
    """Print a table for a file or another program: two spaces between columns, one line a row."""
    echo(*align_columns([columns, *lines]))


def note(text: str) -> None:
    """Print a sentence about a table; on a terminal it is wrapped between words."""
    if not sys.stdout.isatty():
        echo(text)
        return
    from shutil import get_terminal_size

    from darnax.cli.columns import fold

    echo(*fold(printable(text), get_terminal_size().columns))


def percent(fraction: float) -> str:
    """Format a fraction as 94.37%; nan as ""."""
    return "" if math.isnan(fraction) else f"{fraction:.2%}"
