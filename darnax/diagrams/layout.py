"""The layout of a diagram: boxes from left to right, and levels for arcs that pass over boxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darnax.builder import Description, ModuleRow
    from darnax.reports.outline import Outline, OutlinedModule

    # What is drawn: the description of a configuration, or the outline that a run has written.
    Network = Description | Outline
    Module = ModuleRow | OutlinedModule

# All in pixels.
LETTER = 7.2  # width of a letter
MARGIN = 28  # of the border
HALF_LOOP = 36  # width that the loop of a layer takes on either side of the middle of a box
PORT = 14  # width for the end of one arc


@dataclass(frozen=True)
class Arc:
    """An adapter over other buffers: its level, counted from the boxes, and its side."""

    module: "Module"
    level: int
    above: bool

    @property
    def ends(self) -> tuple[int, int]:
        """The positions of its two buffers, the left one first."""
        left, right = sorted((self.module.sender, self.module.receiver))
        return left, right


@dataclass(frozen=True)
class Columns:
    """The horizontal positions of the boxes, from left to right."""

    lefts: tuple[float, ...]
    widths: tuple[float, ...]

    @property
    def end(self) -> float:
        """Right end of the last box."""
        return self.lefts[-1] + self.widths[-1]

    def middle(self, position: int) -> float:
        """Middle of a box."""
        return self.lefts[position] + self.widths[position] / 2

    def right(self, position: int) -> float:
        """Right end of a box."""
        return self.lefts[position] + self.widths[position]


def span(module: "Module") -> int:
    """Return how many buffers to the right a message goes; negative to the left."""
    return module.receiver - module.sender


def assign_levels(modules: Sequence["Module"], *, above: bool) -> list[Arc]:
    """Give every arc the lowest level that no overlapping arc has, short arcs first."""
    arcs: list[Arc] = []
    for module in sorted(modules, key=lambda m: (abs(span(m)), m.sender)):
        left, right = sorted((module.sender, module.receiver))
        occupied = {arc.level for arc in arcs if arc.ends[0] < right and left < arc.ends[1]}
        level = 1
        while level in occupied:
            level += 1
        arcs.append(Arc(module, level, above))
    return arcs


def layout_columns(network: "Network", layers: dict[int, "Module"], arcs: Sequence[Arc]) -> Columns:
    """Return the positions of the boxes.

    A box is as wide as its text and its arcs require, and the distance between two boxes as wide as
    the text between them requires.
    """
    adapters = [module for module in network.modules if module.sender != module.receiver]
    lefts, widths, x = [], [], float(MARGIN)
    for position, (name, size) in enumerate(network.buffers):
        layer = layers.get(position)
        texts = [name, format_size(size)]
        if layer:
            texts += [layer.kind, layer.connectivity]
        for_text = max(len(text) for text in texts) * LETTER + 20
        for_arcs = 2 * (HALF_LOOP + PORT * (count_arcs(position, arcs) + 1))
        width = max(88.0, for_text, for_arcs)
        lefts.append(x)
        widths.append(width)
        between = [m for m in adapters if {m.sender, m.receiver} == {position, position + 1}]
        lengths = [max(len(m.name), len(m.connectivity)) for m in between]
        gap = max([72.0, *(length * LETTER + 30 for length in lengths)])
        x += width + gap
    return Columns(tuple(lefts), tuple(widths))


def format_size(size: tuple[int, ...]) -> str:
    """Write a size as `28×28`."""
    return "×".join(map(str, size))


def levels_at_corner(arc: Arc, position: int, arcs: Sequence[Arc]) -> list[int]:
    """Return the levels, high ones first, of the arcs that meet a box at the corner of `arc`."""
    end = 0 if position == arc.ends[0] else 1
    levels = [o.level for o in arcs if o.above == arc.above and o.ends[end] == position]
    return sorted(levels, reverse=True)


def count_arcs(position: int, arcs: Sequence[Arc]) -> int:
    """Return the largest number of arcs that meet one corner of a box."""
    meeting = [arc for arc in arcs if position in arc.ends]
    return max([0, *(len(levels_at_corner(arc, position, arcs)) for arc in meeting)])


def find_port(arc: Arc, position: int, arcs: Sequence[Arc], columns: Columns) -> float:
    """Return where an arc meets a box: high levels nearest the middle, so that no arcs cross."""
    inset = HALF_LOOP + PORT * levels_at_corner(arc, position, arcs).index(arc.level)
    return columns.middle(position) + (inset if position == arc.ends[0] else -inset)


def place_label(arc: Arc, arcs: Sequence[Arc], columns: Columns, width: float) -> float:
    """Return where along an arc its label crosses no other arc; the middle if nowhere."""
    left, right = (find_port(arc, end, arcs, columns) for end in arc.ends)
    # Arcs of higher levels pass the level of this one vertically, at their two ends.
    others: list[float] = []
    for other in arcs:
        if other.above == arc.above and other.level > arc.level:
            others += [find_port(other, end, arcs, columns) for end in other.ends]
    for fraction in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8):
        x = left + (right - left) * fraction
        fits = left + width / 2 < x < right - width / 2
        if fits and all(abs(x - other) > width / 2 + 4 for other in others):
            return x
    return (left + right) / 2
