"""Draws the map of basins as heat maps in SVG, for light and dark screens."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from darnax.printing import element_text
from reproduction.memory import SHARES, column_of
from reproduction.plot import begin_document

Row = Mapping[str, Any]
# Pixels.
CELL, LINE, LEFT, TOP, BOTTOM, GAP = 22, 26, 64, 36, 56, 22
KEY = 96  # the width of the key, right of the panels


def draw_memory_map(rows: Sequence[Row]) -> str:
    """Return the table as a picture: a panel for each load, a cell for each stability and share."""
    loads = list(dict.fromkeys(row["α"] for row in rows))
    fractions = sorted({row["κ/κ_max"] for row in rows})
    step = CELL * len(SHARES) + GAP
    bottom = TOP + LINE * len(fractions)
    width = LEFT + step * len(loads) + KEY
    parts = begin_document(width, bottom + BOTTOM)
    axis = 'κ/κ<tspan dy="3" font-size="9">max</tspan>'
    parts.append(f'<text transform="translate(16 {(TOP + bottom) / 2}) rotate(-90)">{axis}</text>')
    for number, fraction in enumerate(fractions):
        y = bottom - LINE * (number + 0.5) + 4
        parts.append(f'<text class="right" x="{LEFT - 8}" y="{y}">{fraction:g}</text>')
    for number, load in enumerate(loads):
        of_load = {row["κ/κ_max"]: row for row in rows if row["α"] == load}
        ordered = [of_load[fraction] for fraction in fractions]
        parts += draw_panel(LEFT + step * number, f"α = {load}", ordered)
    middle = LEFT + (step * len(loads) - GAP) / 2
    title = "share of the cue that is flipped, in %"
    parts.append(f'<text x="{middle}" y="{bottom + 40}">{title}</text>')
    parts += draw_key(LEFT + step * len(loads))
    return "\n".join([*parts, "</svg>\n"])


def draw_panel(left: float, title: str, rows: Sequence[Row]) -> Iterator[str]:
    """Yield the cells of a load, the smallest stability at the bottom, in a frame."""
    right, bottom = left + CELL * len(SHARES), TOP + LINE * len(rows)
    yield f'<text class="start" x="{left}" y="{TOP - 12}">{element_text(title)}</text>'
    for number, row in enumerate(rows):
        for column, share in enumerate(SHARES):
            y = bottom - LINE * (number + 1)
            yield draw_cell(left + CELL * column, y, float(row[column_of(share)]))
    yield f'<path class="grid" d="M{left},{TOP} H{right} V{bottom} H{left} Z"/>'
    for column, share in list(enumerate(SHARES))[1::2]:
        x = left + CELL * (column + 0.5)
        yield f'<text x="{x}" y="{bottom + 18}">{100 * share:.0f}</text>'


def draw_cell(x: float, y: float, value: float) -> str:
    """Return a rectangle that is the darker, the more is recalled."""
    style = f"fill: var(--curve0); fill-opacity: {value}"
    return f'<rect x="{x}" y="{y}" width="{CELL}" height="{LINE}" style="{style}"/>'


def draw_key(left: float) -> Iterator[str]:
    """Yield the colours of some fractions, with their numbers."""
    yield f'<text class="start" x="{left}" y="{TOP - 12}">recalled whole</text>'
    for number, value in enumerate((1.0, 0.75, 0.5, 0.25, 0.0)):
        y = TOP + LINE * number
        yield draw_cell(left, y, value)
        yield f'<text class="start" x="{left + CELL + 8}" y="{y + LINE / 2 + 4}">{value:g}</text>'
    yield f'<path class="grid" d="M{left},{TOP} h{CELL} V{TOP + 5 * LINE} h-{CELL} Z"/>'
