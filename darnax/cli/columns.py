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
# A timestamp. Its year is omitted on a narrow terminal if all rows have the same.
TIME = re.compile(r"(\d{4})-(\d\d-\d\d \d\d:\d\d)")
# A text is folded at spaces, or else after one of these.
SEPARATORS = "_.,:/=-"
# If the last column would be folded into more lines than these a row, it is put below the others.
MOST_LINES = 2
INDENT = "    "

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
        rows = shorten(rows)
    widths = fit(columns, rows, width)
    if is_tall(rows, widths):
        widths = fit(columns[:-1], [row[:-1] for row in rows], width)
    lines = list_lines(columns, widths, width, dict.fromkeys(columns, "bold"))
    if not tight:
        lines.append(Text("─" * min(max(map(cell_len, map(str, lines))), width), "dim"))
    for row in rows:
        lines += list_lines(row, widths, width, styles or {})
    return Text("\n", no_wrap=True, overflow="ignore").join(lines)


def shorten(rows: Sequence[Row]) -> list[list[str]]:
    """Return the cells with ids for the names of runs, and without a year that all times share."""
    years = {match[1] for row in rows for match in map(TIME.fullmatch, row) if match}
    shortened = []
    for row in rows:
        cells = [RUN.sub(r"\1", cell) if RUN.fullmatch(cell) else cell for cell in row]
        if len(years) == 1:
            cells = [TIME.sub(r"\2", cell) if TIME.fullmatch(cell) else cell for cell in cells]
        shortened.append(cells)
    return shortened


def total(widths: Sequence[int]) -> int:
    """Return the width of a table whose columns have these widths."""
    return sum(widths) + GAP * (len(widths) - 1)


def natural_widths(rows: Sequence[Row]) -> list[int]:
    """Return the width of the longest cell of each column."""
    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def fit(columns: Row, rows: Sequence[Row], width: int) -> list[int]:
    """Return widths of the columns with which a table fits.

    Heads are folded before cells, since a folded cell makes its row higher.
    """
    least = [
        least_width(head, [row[number] for row in rows]) for number, head in enumerate(columns)
    ]
    unfolded = list(map(max, least, natural_widths(rows))) if rows else least
    widths = natural_widths([columns, *rows])
    for limits in (unfolded, least):
        widths = narrow(widths, limits, width)
    return widths


def narrow(widths: Sequence[int], limits: Sequence[int], width: int) -> list[int]:
    """Narrow columns, the widest first, until a table fits or all are at their limits."""
    narrowed = list(widths)
    while total(narrowed) > width:
        candidates = [i for i, limit in enumerate(limits) if narrowed[i] > limit]
        if not candidates:
            break
        narrowed[max(candidates, key=lambda i: narrowed[i])] -= 1
    return narrowed


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


def is_tall(rows: Sequence[Row], widths: Sequence[int]) -> bool:
    """Return whether rows take many lines because the last of several columns is narrow."""
    if len(widths) < 2:
        return False
    lines = sum(len(fold(row[-1], widths[-1])) for row in rows)
    return lines > MOST_LINES * len(rows)


def list_lines(
    row: Row, widths: Sequence[int], width: int, styles: Mapping[str, str]
) -> list[Text]:
    """Return the lines of one row; cells without a width stand below the others."""
    lines = join_cells(row[: len(widths)], widths, styles)
    for cell in filter(None, row[len(widths) :]):
        for part in fold(cell, width - len(INDENT)):
            lines.append(Text.assemble(INDENT, (part, styles.get(cell, ""))))
    return lines


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
