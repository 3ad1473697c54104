"""Draws what relaxation is worth, over noise, load, margin and J_D, as SVG."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from darnax.printing import element_text
from reproduction.plot import begin_document

Row = Mapping[str, Any]
GAIN = "at rest − 1 step"
# Measurement -> its images.
BY_STEPS = {
    "classifiers_by_steps": "MNIST",
    "classifiers_by_steps_fashion": "Fashion-MNIST",
    "classifiers_by_steps_entangled": "entangled MNIST",
}
FULL = 10.0  # points, from which a cell has its full colour
# Pixels.
CELL, LINE, LEFT, TOP, BETWEEN, BOTTOM, GAP = 44, 24, 64, 30, 70, 16, 22


def draw_classifiers(measured: Mapping[str, Sequence[Row]]) -> str:
    """Return the tables of classifiers as a picture."""
    return draw_map({images: measured[name] for name, images in BY_STEPS.items()}, "disturbed")


def draw_completion(rows: Sequence[Row]) -> str:
    """Return the table of completion as a picture."""
    of_images: dict[str, list[Row]] = {}
    for row in rows:
        of_images.setdefault(f"{row['images']}, unknown pixels", []).append(row)
    return draw_map(of_images, "unknown")


def draw_map(tables: Mapping[str, Sequence[Row]], share: str) -> str:
    """Return a picture with a panel for each case, and a cell for each κ and J_D.

    Args:
        tables: title -> the rows of its cases.
        share: the column with the share of the inputs.
    """
    cases = {title: cases_of(rows, share) for title, rows in tables.items()}
    panels = [rows for of_title in cases.values() for rows in of_title.values()]
    side, high = CELL * len({r["J_D"] for r in panels[0]}), LINE * len({r["κ"] for r in panels[0]})
    width = LEFT + (side + GAP) * max(len(of_title) for of_title in cases.values())
    parts = begin_document(width, len(cases) * (TOP + high + BETWEEN) + BOTTOM)
    for number, (title, of_title) in enumerate(cases.items()):
        top = TOP + number * (TOP + high + BETWEEN) + LINE
        parts.append(f'<text class="start" x="{LEFT}" y="{top - 32}">{element_text(title)}</text>')
        for place, ((load, of_inputs), cells) in enumerate(of_title.items()):
            left = LEFT + place * (side + GAP)
            parts += draw_panel(left, top, f"load {load}, {of_inputs}", cells, names=place == 0)
    return "\n".join([*parts, "</svg>\n"])


def cases_of(rows: Sequence[Row], share: str) -> dict[tuple[int, str], list[Row]]:
    """Return (load, share) -> the rows of a case."""
    cases: dict[tuple[int, str], list[Row]] = {}
    for row in rows:
        cases.setdefault((row["load"], row[share]), []).append(row)
    return cases


def draw_panel(
    left: float, top: float, title: str, rows: Sequence[Row], *, names: bool
) -> Iterator[str]:
    """Yield the cells of a case, the smallest κ at the bottom, in a frame."""
    margins, j_ds = sorted({row["κ"] for row in rows}), sorted({row["J_D"] for row in rows})
    bottom = top + LINE * len(margins)
    yield f'<text class="start" x="{left}" y="{top - 8}">{element_text(title)}</text>'
    for row in rows:
        x = left + CELL * j_ds.index(row["J_D"])
        yield draw_cell(x, bottom - LINE * (margins.index(row["κ"]) + 1), row[GAIN].split()[0])
    yield f'<path class="grid" d="M{left},{top} h{CELL * len(j_ds)} V{bottom} H{left} Z"/>'
    for place, j_d in enumerate(j_ds):
        yield f'<text x="{left + CELL * (place + 0.5)}" y="{bottom + 16}">{j_d:g}</text>'
    if not names:
        return
    for place, margin in enumerate(margins):
        y = bottom - LINE * (place + 0.5) + 4
        yield f'<text class="right" x="{left - 8}" y="{y}">{margin:g}</text>'
    yield f'<text class="right" x="{left - 8}" y="{top - 8}">κ</text>'
    j_d_name = 'J<tspan dy="3" font-size="9">D</tspan>'
    yield f'<text class="right" x="{left - 8}" y="{bottom + 16}">{j_d_name}</text>'


def draw_cell(x: float, y: float, gain: str) -> str:
    """Return a rectangle with its gain in points: blue where steps help, orange where they harm."""
    points = float(gain)
    colour = "curve0" if points >= 0 else "curve1"
    style = f"fill: var(--{colour}); fill-opacity: {min(1.0, abs(points) / FULL) * 0.7:.2f}"
    box = f'<rect x="{x}" y="{y}" width="{CELL}" height="{LINE}" style="{style}"/>'
    return f'{box}<text x="{x + CELL / 2}" y="{y + LINE / 2 + 4}">{element_text(gain)}</text>'
