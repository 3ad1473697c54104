"""A network as a picture: buffers from left to right, forward messages above, backward messages below."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from darnax.diagrams.layout import (
    LETTER,
    MARGIN,
    Arc,
    Columns,
    assign_lanes,
    clear,
    format_size,
    layout_columns,
    port,
    span,
)
from darnax.printing import element_text

if TYPE_CHECKING:
    from darnax.builder import Description, ModuleRow

BOX, LANE, LOOP = (
    96,
    44,
    46,
)  # heights in pixels: of a box, of a lane of arcs, of the loop of a layer with itself
STYLE = """
svg { --paper: #ffffff; --ink: #1b1f24; --soft: #6b7480; --box: #f3f5f8; --plastic: #0b62c4; --frozen: #8a929c; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #14171b; --ink: #e8ecf1; --soft: #98a2ae; --box: #20252c; --plastic: #6db3ff; --frozen: #78828e; }
}
text {
  font: 12px ui-sans-serif, system-ui, "Helvetica Neue", Arial, sans-serif; text-anchor: middle;
  fill: var(--ink); stroke: var(--paper); stroke-width: 4; paint-order: stroke;
}
.inside { stroke: none; } .name { font-weight: 600; } .soft { fill: var(--soft); font-size: 11px; font-weight: 400; }
.paper { fill: var(--paper); } .box { fill: var(--box); stroke: var(--soft); }
path { fill: none; stroke-width: 1.8; }
.plastic { stroke: var(--plastic); } .frozen { stroke: var(--frozen); stroke-dasharray: 5 4; }
.tip-plastic { fill: var(--plastic); stroke: none; } .tip-frozen { fill: var(--frozen); stroke: none; }
"""


class Point(NamedTuple):
    """A place on the paper, in pixels, y downwards."""

    x: float
    y: float


def svg(description: "Description") -> str:
    """Return the picture as an SVG document; it follows the reader's choice of a light or a dark screen."""
    adapters = [module for module in description.modules if module.sender != module.receiver]
    layers = {
        module.receiver: module
        for module in description.modules
        if module.sender == module.receiver
    }
    arcs = [
        *assign_lanes([a for a in adapters if span(a) > 1], above=True),
        *assign_lanes([a for a in adapters if span(a) < -1], above=False),
    ]
    top = MARGIN + LOOP + LANE * max((arc.lane for arc in arcs if arc.above), default=0)
    bottom = top + BOX + LANE * max((arc.lane for arc in arcs if not arc.above), default=0)
    columns = layout_columns(description, layers, arcs)
    parts = [
        *(
            line
            for position, _ in enumerate(description.buffers)
            for line in box(description, layers, columns, position, top)
        ),
        *(
            line
            for layer in layers.values()
            if layer.parameters
            for line in loop(layer, columns, top)
        ),
        *(line for a in adapters if abs(span(a)) == 1 for line in straight(a, columns, top)),
        *(line for arc in arcs for line in over(arc, arcs, columns, top)),
        *legend(bottom + 34),
    ]
    return document(columns.end + MARGIN, bottom + 34 + MARGIN, parts)


def box(
    description: "Description",
    layers: dict[int, "ModuleRow"],
    columns: Columns,
    position: int,
    top: float,
) -> Iterator[str]:
    """A buffer: its name, its size, its layer."""
    name, size = description.buffers[position]
    x, width = columns.lefts[position], columns.widths[position]
    yield f'<rect class="box" x="{x:.0f}" y="{top:.0f}" width="{width:.0f}" height="{BOX}" rx="8"/>'
    layer = layers.get(position)
    words = [
        ("name inside", name),
        ("inside", format_size(size)),
        ("soft inside", layer.kind if layer else "input"),
    ]
    for line, (kind, word) in enumerate(words):
        yield text(Point(columns.middle(position), top + 30 + 22 * line), word, kind)


def loop(layer: "ModuleRow", columns: Columns, top: float) -> Iterator[str]:
    """What a layer says to itself."""
    x = columns.middle(layer.receiver)
    yield arrow(
        f"M{x - 13:.0f},{top:.0f} C{x - 26:.0f},{top - 34:.0f} {x + 26:.0f},{top - 34:.0f} {x + 13:.0f},{top - 2:.0f}",
        layer,
    )
    yield text(Point(x, top - 31), layer.connectivity, "soft")


def straight(module: "ModuleRow", columns: Columns, top: float) -> Iterator[str]:
    """A message between neighbours: to the right in the upper half, to the left in the lower one."""
    forward = module.receiver > module.sender
    y = top + (32 if forward else BOX - 32)
    ends = sorted((module.sender, module.receiver))
    left, right = columns.right(ends[0]), columns.lefts[ends[1]]
    start, end = (left, right - 2) if forward else (right, left + 2)
    yield arrow(f"M{start:.0f},{y:.0f} H{end:.0f}", module)
    yield from label(
        Point((left + right) / 2, y - 7 if forward else y + 16), module, upwards=forward
    )


def over(arc: Arc, arcs: Sequence[Arc], columns: Columns, top: float) -> Iterator[str]:
    """A message that passes over other buffers, out at the top and in at the top, or both at the bottom."""
    edge = top if arc.above else top + BOX
    away = -1 if arc.above else 1
    y = edge + away * (LANE * arc.lane + (LOOP - 24 if arc.above else -14))
    start, end = (
        port(arc, arc.module.sender, arcs, columns),
        port(arc, arc.module.receiver, arcs, columns),
    )
    bend = 10 if end > start else -10
    yield arrow(
        f"M{start:.0f},{edge:.0f} V{y - away * 10:.0f} Q{start:.0f},{y:.0f} {start + bend:.0f},{y:.0f} "
        f"H{end - bend:.0f} Q{end:.0f},{y:.0f} {end:.0f},{y - away * 10:.0f} V{edge + away * 2:.0f}",
        arc.module,
    )
    name, inputs = arc.module.name, arc.module.connectivity
    x = clear(arc, arcs, columns, LETTER * (len(name) + len(inputs) + 1))
    words = f"{element_text(name)} <tspan class='soft'>{element_text(inputs)}</tspan>"
    yield f'<text class="name" x="{x:.0f}" y="{y - 6 if arc.above else y + 16:.0f}">{words}</text>'


def label(at: Point, module: "ModuleRow", *, upwards: bool) -> Iterator[str]:
    """The name of a module and its inputs: two lines that grow away from the arrow."""
    first, second = (Point(at.x, at.y - 15), at) if upwards else (at, Point(at.x, at.y + 15))
    yield text(first, module.name, "name")
    yield text(second, module.connectivity, "soft")


def text(at: Point, words: str, kind: str) -> str:
    """A line of text around a point."""
    return f'<text class="{kind}" x="{at.x:.0f}" y="{at.y:.0f}">{element_text(words)}</text>'


def arrow(path: str, module: "ModuleRow") -> str:
    """A line with a tip, blue and solid where something learns."""
    kind = "plastic" if module.plastic else "frozen"
    return f'<path class="{kind}" d="{path}" marker-end="url(#{kind})"/>'


def legend(y: float) -> Iterator[str]:
    """What the two kinds of lines mean."""
    for x, kind, words in ((MARGIN, "plastic", "learns"), (MARGIN + 100, "frozen", "frozen")):
        yield f'<path class="{kind}" d="M{x},{y - 4:.0f} h26" marker-end="url(#{kind})"/>'
        yield text(Point(x + 54, y), words, "soft")


def document(width: float, height: float, parts: Sequence[str]) -> str:
    """The whole file."""
    tips = "".join(
        f'<marker id="{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path class="tip-{kind}" d="M0,0 L10,5 L0,10 z"/></marker>'
        for kind in ("plastic", "frozen")
    )
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    body = "\n".join(
        sorted(parts, key=lambda part: part.startswith("<text"))
    )  # words on top of lines
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{STYLE}</style>\n<defs>{tips}</defs>\n'
        f'<rect class="paper" width="100%" height="100%"/>\n{body}\n</svg>\n'
    )
