"""The diagram of a network as SVG: buffers from left to right, with arrows for messages."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from darnax.diagrams.layout import (
    LETTER,
    MARGIN,
    Arc,
    Columns,
    assign_levels,
    find_port,
    format_size,
    layout_columns,
    place_label,
    span,
)
from darnax.printing import element_text

if TYPE_CHECKING:
    from darnax.diagrams.layout import Module, Network

# Heights in pixels.
BOX = 96
LEVEL = 44  # of the arcs of one level
LOOP = 46  # of the loop of a layer with itself
STYLE = """
svg {
  --paper: #ffffff; --ink: #1b1f24; --soft: #6b7480; --box: #f3f5f8;
  --plastic: #0b62c4; --against: #c4570b; --frozen: #8a929c;
}
@media (prefers-color-scheme: dark) {
  svg {
    --paper: #14171b; --ink: #e8ecf1; --soft: #98a2ae; --box: #20252c;
    --plastic: #6db3ff; --against: #ffae6d; --frozen: #78828e;
  }
}
text {
  font: 12px ui-sans-serif, system-ui, "Helvetica Neue", Arial, sans-serif; text-anchor: middle;
  fill: var(--ink); stroke: var(--paper); stroke-width: 4; paint-order: stroke;
}
.inside { stroke: none; } .name { font-weight: 600; }
.soft { fill: var(--soft); font-size: 11px; font-weight: 400; }
.paper { fill: var(--paper); } .box { fill: var(--box); stroke: var(--soft); }
path { fill: none; stroke-width: 1.8; }
.plastic { stroke: var(--plastic); } .frozen { stroke: var(--frozen); stroke-dasharray: 5 4; }
.start { text-anchor: start; } .grid { stroke: var(--box); }
.sent { fill: var(--ink); } .third { fill: none; stroke: var(--ink); stroke-width: 1.8; }
.raised { fill: var(--plastic); } .lowered { fill: var(--against); }
.tip-plastic { fill: var(--plastic); stroke: none; }
.tip-frozen { fill: var(--frozen); stroke: none; }
"""


class Point(NamedTuple):
    """A point of the diagram in pixels, y downwards."""

    x: float
    y: float


def svg(network: "Network") -> str:
    """Return the diagram as an SVG document, for light and dark screens.

    Arcs of forward messages pass above the boxes, those of backward messages below.
    """
    adapters = [module for module in network.modules if module.sender != module.receiver]
    own = [module for module in network.modules if module.sender == module.receiver]
    layers = {module.receiver: module for module in own}
    above = assign_levels([a for a in adapters if span(a) > 1], above=True)
    below = assign_levels([a for a in adapters if span(a) < -1], above=False)
    arcs = [*above, *below]
    top = MARGIN + LOOP + LEVEL * max((arc.level for arc in above), default=0)
    bottom = top + BOX + LEVEL * max((arc.level for arc in below), default=0)
    columns = layout_columns(network, layers, arcs)
    parts: list[str] = []
    for position, _ in enumerate(network.buffers):
        parts += draw_box(network, layers, columns, position, top)
    for layer in layers.values():
        if layer.parameters:
            parts += draw_loop(layer, columns, top)
    for adapter in adapters:
        if abs(span(adapter)) == 1:
            parts += draw_straight(adapter, columns, top)
    for arc in arcs:
        parts += draw_arc(arc, arcs, columns, top)
    parts += draw_legend(bottom + 34)
    return make_document(columns.end + MARGIN, bottom + 34 + MARGIN, parts)


def draw_box(
    network: "Network",
    layers: dict[int, "Module"],
    columns: Columns,
    position: int,
    top: float,
) -> Iterator[str]:
    """Draw a buffer: its name, its size, its layer."""
    name, size = network.buffers[position]
    x, width = columns.lefts[position], columns.widths[position]
    yield f'<rect class="box" x="{x:.0f}" y="{top:.0f}" width="{width:.0f}" height="{BOX}" rx="8"/>'
    layer = layers.get(position)
    lines = [
        ("name inside", name),
        ("inside", format_size(size)),
        ("soft inside", layer.kind if layer else "input"),
    ]
    for number, (kind, text) in enumerate(lines):
        yield draw_text(Point(columns.middle(position), top + 30 + 22 * number), text, kind)


def draw_loop(layer: "Module", columns: Columns, top: float) -> Iterator[str]:
    """Draw the message of a layer to itself."""
    x = columns.middle(layer.receiver)
    controls = f"{x - 26:.0f},{top - 34:.0f} {x + 26:.0f},{top - 34:.0f}"
    path = f"M{x - 13:.0f},{top:.0f} C{controls} {x + 13:.0f},{top - 2:.0f}"
    yield draw_arrow(path, layer)
    yield draw_text(Point(x, top - 31), layer.connectivity, "soft")


def draw_straight(module: "Module", columns: Columns, top: float) -> Iterator[str]:
    """Draw a message between neighbours: to the right in the upper half, to the left below."""
    forward = module.receiver > module.sender
    y = top + (32 if forward else BOX - 32)
    ends = sorted((module.sender, module.receiver))
    left, right = columns.right(ends[0]), columns.lefts[ends[1]]
    start, end = (left, right - 2) if forward else (right, left + 2)
    yield draw_arrow(f"M{start:.0f},{y:.0f} H{end:.0f}", module)
    middle = Point((left + right) / 2, y - 7 if forward else y + 16)
    yield from draw_label(middle, module, upwards=forward)


def draw_arc(arc: Arc, arcs: Sequence[Arc], columns: Columns, top: float) -> Iterator[str]:
    """Draw a message over other buffers, from top to top of the boxes or from bottom to bottom."""
    edge = top if arc.above else top + BOX
    away = -1 if arc.above else 1
    y = edge + away * (LEVEL * arc.level + (LOOP - 24 if arc.above else -14))
    start = find_port(arc, arc.module.sender, arcs, columns)
    end = find_port(arc, arc.module.receiver, arcs, columns)
    bend = 10 if end > start else -10
    # Away from the box, round a corner, along the level, round a corner, back to the other box.
    path = (
        f"M{start:.0f},{edge:.0f} V{y - away * 10:.0f} "
        f"Q{start:.0f},{y:.0f} {start + bend:.0f},{y:.0f} "
        f"H{end - bend:.0f} Q{end:.0f},{y:.0f} {end:.0f},{y - away * 10:.0f} "
        f"V{edge + away * 2:.0f}"
    )
    yield draw_arrow(path, arc.module)
    name, inputs = arc.module.name, arc.module.connectivity
    x = place_label(arc, arcs, columns, LETTER * (len(name) + len(inputs) + 1))
    text = f"{element_text(name)} <tspan class='soft'>{element_text(inputs)}</tspan>"
    yield f'<text class="name" x="{x:.0f}" y="{y - 6 if arc.above else y + 16:.0f}">{text}</text>'


def draw_label(at: Point, module: "Module", *, upwards: bool) -> Iterator[str]:
    """Draw the name of a module and its inputs: two lines, on the side away from the arrow."""
    first, second = (Point(at.x, at.y - 15), at) if upwards else (at, Point(at.x, at.y + 15))
    yield draw_text(first, module.name, "name")
    yield draw_text(second, module.connectivity, "soft")


def draw_text(at: Point, text: str, kind: str) -> str:
    """Draw a line of text centred at a point."""
    return f'<text class="{kind}" x="{at.x:.0f}" y="{at.y:.0f}">{element_text(text)}</text>'


def draw_arrow(path: str, module: "Module") -> str:
    """Draw a line with a tip: blue and solid if the module learns, else grey and dashed."""
    kind = "plastic" if module.plastic else "frozen"
    return f'<path class="{kind}" d="{path}" marker-end="url(#{kind})"/>'


def draw_legend(y: float) -> Iterator[str]:
    """Draw the legend of the two kinds of lines."""
    for x, kind, text in ((MARGIN, "plastic", "learns"), (MARGIN + 100, "frozen", "frozen")):
        yield f'<path class="{kind}" d="M{x},{y - 4:.0f} h26" marker-end="url(#{kind})"/>'
        yield draw_text(Point(x + 54, y), text, "soft")


def make_document(width: float, height: float, parts: Sequence[str]) -> str:
    """Return the SVG document with these parts."""
    marker = 'viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"'
    tips = ""
    for kind in ("plastic", "frozen"):
        tip = f'<path class="tip-{kind}" d="M0,0 L10,5 L0,10 z"/>'
        tips += f'<marker id="{kind}" {marker}>{tip}</marker>'
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    # SVG draws in the order of the elements: text comes last, so that no line covers it.
    body = "\n".join(sorted(parts, key=lambda part: part.startswith("<text")))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n'
        f"<style>{STYLE}</style>\n<defs>{tips}</defs>\n"
        f'<rect class="paper" width="100%" height="100%"/>\n{body}\n</svg>\n'
    )
