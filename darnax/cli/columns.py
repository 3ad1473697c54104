"""Lays out a table for the width of a terminal: no text is cut, and numbers are in one line.

Words and names are in one line as well, or folded between their parts. A table that is too wide for
that is written row by row, one line for each cell.
"""

import re
from collections.abc import Mapping, Sequence

from rich.cells import cell_len, chop_cells
from rich.text import Text

GAP = 2  # spaces between columns
LONGEST = 24  # characters of a part of a name; a longer one may be broken
NUMBER = re.compile(r"[-+<]?[\d.,]+(e[-+]?\d+)?%?( ± [\d.e+-]+%?)?(/[\d.]+)?( \(.*\))?|best|")
# A number alone; a column of these is aligned at its right side.
PLAIN = re.compile(r"[-+<]?[\d.,]+(e[-+]?\d+)?%?( ± [\d.e+-]+%?)?( pp)?|")
# The name of a run or sweep; its id is enough where there is no room.
RUN = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d-(\w+)")
# A timestamp. Its year is omitted on a narrow terminal if all rows have the same.
TIME = re.compile(r"(\d{4})-(\d\d-\d\d \d\d:\d\d)")
# A text is folded at spaces, or else here: after a separator that is not within a number, and where
# a capital letter begins a part of a name.
BREAK = re.compile(r"(?<=[_,:/=])|(?<=[.])(?!\d)|(?<=\w-)(?<!\d[eE]-)|(?<=[a-z])(?=[A-Z])")
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

    Columns of numbers are aligned at their right side.

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
    if total(widths) > width:
        return list_cells(columns, rows, width, styles or {})
    right = [is_of_numbers([row[i] for row in rows]) for i in range(len(widths))]
    heads = list_lines(columns, widths, width, dict.fromkeys(columns, "bold"), right)
    body = [line for row in rows for line in list_lines(row, widths, width, styles or {}, right)]
    longest = max(line.cell_len for line in (*heads, *body))
    rule = [] if tight else [Text("─" * min(longest, width), "dim")]
    lines = [*heads, *rule, *body]
    return Text("\n", no_wrap=True, overflow="ignore").join(lines)


def list_cells(columns: Row, rows: Sequence[Row], width: int, styles: Mapping[str, str]) -> Text:
    """Return a table row by row: one line for each cell that is not empty, after its head."""
    margin = min(max(map(cell_len, columns)), width // 2)
    widths = [margin, max(width - margin - GAP, 1)]
    lines = []
    for row in rows:
        for head, cell in zip(columns, row, strict=True):
            if cell:
                lines += join_cells([head, cell], widths, {**styles, head: "bold"})
        lines.append(Text())
    return Text("\n", no_wrap=True, overflow="ignore").join(lines[:-1])


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
    """Return the width that a column needs: that of its numbers, and of the parts of its words."""
    words = set(head.split())
    needed = 0
    for cell in set(cells):
        if NUMBER.fullmatch(cell):
            needed = max(needed, cell_len(cell))
        else:
            words.update(cell.split())
    for word in words:
        for part in BREAK.split(word):
            needed = max(needed, min(cell_len(part), LONGEST))
    return needed


def is_of_numbers(cells: Row) -> bool:
    """Return whether the cells of a column are numbers, or empty.

    Example:
        >>> is_of_numbers(["0.5", "", "10"]), is_of_numbers(["5", "0 (+1 pruned)"])
        (True, False)
    """
    return any(cells) and all(map(PLAIN.fullmatch, cells))


def is_tall(rows: Sequence[Row], widths: Sequence[int]) -> bool:
    """Return whether rows take many lines because the last of several columns is narrow."""
    if len(widths) < 2:
        return False
    lines = sum(len(fold(row[-1], widths[-1])) for row in rows)
    return lines > MOST_LINES * len(rows)


def list_lines(
    row: Row,
    widths: Sequence[int],
    width: int,
    styles: Mapping[str, str],
    right: Sequence[bool],
) -> list[Text]:
    """Return the lines of one row; cells without a width stand below the others."""
    lines = join_cells(row[: len(widths)], widths, styles, right)
    for cell in filter(None, row[len(widths) :]):
        for part in fold(cell, width - len(INDENT)):
            lines.append(Text.assemble(INDENT, (part, styles.get(cell, ""))))
    return lines


def join_cells(
    row: Row, widths: Sequence[int], styles: Mapping[str, str], right: Sequence[bool] = ()
) -> list[Text]:
    """Return the lines of one row, its cells folded to the widths of their columns.

    Those of the columns that are `right` are aligned at their right side.
    """
    at_right = right or [False] * len(row)
    folded = [fold(cell, width) for cell, width in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, folded))):
        line = Text()
        for cell, parts, width, is_right in zip(row, folded, widths, at_right, strict=True):
            part = parts[number] if number < len(parts) else ""
            space = " " * (width - cell_len(part))
            line.append(space if is_right else "")
            line.append(part, styles.get(cell))
            line.append(" " * GAP if is_right else space + " " * GAP)
        line.rstrip()
        lines.append(line)
    return lines


def fold(text: str, width: int) -> list[str]:
    """Fold a text at spaces, a long word between its parts if it has several.

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
            ends = [match.start() for match in BREAK.finditer(text, 1, len(first) + 1)]
            end = max((at for at in ends if at <= len(first)), default=len(first))
        lines.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*lines, text]
