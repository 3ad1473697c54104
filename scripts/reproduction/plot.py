"""Draws curves with error bars as SVG, for light and dark screens."""

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from typing import NamedTuple

from darnax.printing import element_text

# Pixels.
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP = 360, 260, 64, 36, 56, 40
KEY, KEYS, LINE = 150, 2, 18  # between the names of two curves; names in a line; lines of names
STEPS = (1, 2, 2.5, 5, 10)  # between the numbers of an axis, times a power of ten
CAP = 4  # half the width of the end of an error bar
STYLE = """
svg { --paper: #ffffff; --ink: #1b1f24; --soft: #6b7480; --line: #dfe3e8;
      --curve0: #0b62c4; --curve1: #c4570b; --curve2: #1a7f37; --curve3: #8250c8;
      --curve4: #b0283c; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #14171b; --ink: #e8ecf1; --soft: #98a2ae; --line: #2d3641;
        --curve0: #6db3ff; --curve1: #ffae6d; --curve2: #6fdd8b; --curve3: #c9a5ff;
        --curve4: #ff8a9a; }
}
text { font: 12px ui-sans-serif, system-ui, "Helvetica Neue", Arial, sans-serif; }
text { fill: var(--ink); text-anchor: middle; } .right { text-anchor: end; }
.start { text-anchor: start; } .paper { fill: var(--paper); } .grid { stroke: var(--line); }
path { fill: none; stroke-width: 1.8; }
.curve0 { stroke: var(--curve0); } circle.curve0 { fill: var(--curve0); }
.curve1 { stroke: var(--curve1); } circle.curve1 { fill: var(--curve1); }
.curve2 { stroke: var(--curve2); } circle.curve2 { fill: var(--curve2); }
.curve3 { stroke: var(--curve3); } circle.curve3 { fill: var(--curve3); }
.curve4 { stroke: var(--curve4); } circle.curve4 { fill: var(--curve4); }
"""


class Curve(NamedTuple):
    """Values over x, with the size of the error bar up and down."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    errors: Sequence[float]


class Panel(NamedTuple):
    """Curves in one frame, at most five, with the name of their x axis; y goes from 0 to `top`."""

    title: str
    curves: Sequence[Curve]
    top: float = 1.0


class Frame(NamedTuple):
    """A rectangle of pixels, for x from 0 to `most` and y from 0 to `top`."""

    left: float
    above: float
    most: float
    top: float

    def x(self, value: float) -> float:
        """Return the pixel of a value on the x axis."""
        return round(self.left + WIDTH * value / self.most, 1)

    def y(self, value: float) -> float:
        """Return the pixel of a value on the y axis; pixels count downwards."""
        return round(self.above + HEIGHT * (1 - value / self.top), 1)


def draw(panels: Sequence[Panel], title: str) -> str:
    """Return panels side by side as an SVG document; `title` is that of the y axes."""
    width = LEFT + len(panels) * (WIDTH + GAP)
    lines = max(ceil(len(panel.curves) / KEYS) for panel in panels)
    above = TOP + LINE * (lines - 1)
    height = above + HEIGHT + BOTTOM
    parts = [
        *begin_document(width, height),
        f'<text transform="translate(16 {above + HEIGHT / 2}) rotate(-90)">{element_text(title)}'
        "</text>",
    ]
    for position, panel in enumerate(panels):
        most = max(max(curve.x) for curve in panel.curves)
        frame = Frame(LEFT + position * (WIDTH + GAP), above, most, panel.top)
        parts += draw_axes(frame, panel.title)
        for number, curve in enumerate(panel.curves):
            parts += draw_curve(frame, curve, f"curve{number}")
            parts += draw_key(frame, curve.name, number)
    return "\n".join([*parts, "</svg>\n"])


def begin_document(width: float, height: float) -> list[str]:
    """Return the first lines of an SVG document: its size, its style and its background."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">',
        f"<style>{STYLE}</style>",
        '<rect class="paper" width="100%" height="100%"/>',
    ]


def draw_axes(frame: Frame, title: str) -> Iterator[str]:
    """Yield grid lines with their numbers, and the name of the x axis."""
    right, bottom = frame.x(frame.most), frame.y(0)
    for value in list_ticks(frame.most):
        x = frame.x(value)
        yield f'<path class="grid" d="M{x},{frame.above} V{bottom}"/>'
        yield f'<text x="{x}" y="{bottom + 18}">{value:g}</text>'
    for value in list_ticks(frame.top):
        y = frame.y(value)
        yield f'<path class="grid" d="M{frame.left},{y} H{right}"/>'
        yield f'<text class="right" x="{frame.left - 8}" y="{y + 4}">{value:g}</text>'
    middle = (frame.left + right) / 2
    yield f'<text x="{middle}" y="{bottom + 40}">{element_text(title)}</text>'


def list_ticks(most: float) -> list[float]:
    """Return round numbers at equal distances from 0 to `most`, three to seven of them.

    Example:
        >>> list_ticks(0.9), list_ticks(800)
        ([0.0, 0.2, 0.4, 0.6, 0.8], [0.0, 200.0, 400.0, 600.0, 800.0])
    """
    power = 10.0 ** floor(log10(most / 6))
    step = next(each * power for each in STEPS if most / (each * power) <= 6)
    return [round(step * number, 10) for number in range(int(most / step + 1e-9) + 1)]


def draw_curve(frame: Frame, curve: Curve, kind: str) -> Iterator[str]:
    """Yield a line through the values, and a point for each, with an error bar if it has one."""
    points = list(zip(curve.x, curve.y, curve.errors, strict=True))
    line = " L".join(f"{frame.x(x)},{frame.y(y)}" for x, y, _ in points)
    yield f'<path class="{kind}" d="M{line}"/>'
    for x, y, error in points:
        column, low, high = frame.x(x), frame.y(y - error), frame.y(y + error)
        caps = " ".join(f"M{column - CAP},{end} h{2 * CAP}" for end in (low, high))
        if error:
            yield f'<path class="{kind}" d="M{column},{low} V{high} {caps}"/>'
        yield f'<circle class="{kind}" cx="{column}" cy="{frame.y(y)}" r="2.5"/>'


def draw_key(frame: Frame, name: str, number: int) -> Iterator[str]:
    """Yield the name of a curve beside a piece of its line, above the frame."""
    line, column = divmod(number, KEYS)
    x, y = frame.left + KEY * column, TOP - 16 + LINE * line
    yield f'<path class="curve{number}" d="M{x},{y} h24"/>'
    yield f'<text class="start" x="{x + 32}" y="{y + 4}">{element_text(name)}</text>'
