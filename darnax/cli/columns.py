"""Lays out a table for the width of a terminal: no text is cut, and numbers are in one line."""

import re
from collections.abc import Mapping, Sequence

from rich.cells import cell_len, chop_cells
from rich.text import Text

GAP = 2  # spaces between columns
# Characters that a column has at least: for the words of its head, and for those of its texts.
LEAST_HEAD, LEAST_TEXT = 8, 12
NUMBER = re.compile(r"[-+<]?[\d.,]+(e[-+]?\d+)?%?( ± [\d.e+-]+%?)?(/[\d.]+)?( \(.*\))?|best|")
# The name of a run or sweep; its id is enough where there is no room.
RUN = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d-(\w+)")
# A text is folded at spaces, or else after one of these.
SEPARATORS = "_.,:/=-"

Row = Sequence[str]


def lay_out(
    columns: Row,
    rows: Sequence[Row],
    width: int,
    *,
    tight: bool = False,
    styles: Mapping[str, str] | None = None,
) -> Text:
    """Return a table as text of at most `width` columns, if its numbers leave room for that.

    Args:
        columns: the heads.
        rows: the cells of each row.
        width: of the terminal.
        tight: whether there is no line below the heads.
        styles: cell -> its style.
    """
    if total(natural_widths([columns, *rows])) > width:
        rows = [[RUN.sub(r"\1", cell) if RUN.fullmatch(cell) else cell for cell in r] for r in rows]
    widths = fit(columns, rows, width)
    lines = [*join_cells(columns, widths, dict.fromkeys(columns, "bold"))]
    if not tight:
        lines.append(Text("─" * min(total(widths), width), "dim"))
    for row in rows:
        lines += join_cells(row, widths, styles or {})
    return Text("\n", no_wrap=True, overflow="ignore").join(lines)


def total(widths: Sequence[int]) -> int:
    """Return the width of a table whose columns have these widths."""
    return sum(widths) + GAP * (len(widths) - 1)


def natural_widths(rows: Sequence[Row]) -> list[int]:
    """Return the width of the longest cell of each column."""
    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def fit(columns: Row, rows: Sequence[Row], width: int) -> list[int]:
    """Return widths of the columns with which a table fits; the widest are narrowed first."""
    widths = natural_widths([columns, *rows])
    least = [
        least_width(head, [row[number] for row in rows]) for number, head in enumerate(columns)
    ]
    while total(widths) > width:
        slack = [now - low for now, low in zip(widths, least, strict=True)]
        if max(slack) <= 0:
            break
        candidates = [number for number, some in enumerate(slack) if some > 0]
        widest = max(candidates, key=lambda number: widths[number])
        widths[widest] -= 1
    return widths


def least_width(head: str, cells: Row) -> int:
    """Return the width that a column needs: that of its numbers, and of words that are short."""
    needed = min(cell_len(head), LEAST_HEAD)
    for cell in cells:
        if NUMBER.fullmatch(cell):
            needed = max(needed, cell_len(cell))
            continue
        for word in cell.split():
            needed = max(needed, min(cell_len(word), LEAST_TEXT))
    return needed


def join_cells(row: Row, widths: Sequence[int], styles: Mapping[str, str]) -> list[Text]:
    """Return the lines of one row, its cells folded to the widths of their columns."""
    folded = [fold(cell, width) for cell, width in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, folded))):
        line = Text()
        for cell, parts, width in zip(row, folded, widths, strict=True):
            part = parts[number] if number < len(parts) else ""
            line.append(part, styles.get(cell))
            line.append(" " * (width - cell_len(part) + GAP))
        line.rstrip()
        lines.append(line)
    return lines


def fold(text: str, width: int) -> list[str]:
    """Fold a text at spaces, a long word after a separator if it has one.

    Example:
        >>> fold("seed=0 w_in.learning_rate.init_value=0.6", 14)
        ['seed=0', 'w_in.learning_', 'rate.init_', 'value=0.6']
    """
    lines = []
    while cell_len(text) > width:
        first = chop_cells(text, width)[0]
        following = text[len(first) :]
        end = len(first) if following.startswith(" ") else first.rfind(" ")
        if end <= 0:
            end = max(first.rfind(separator) for separator in SEPARATORS) + 1 or len(first)
        lines.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*lines, text]
