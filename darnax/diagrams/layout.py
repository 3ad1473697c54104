"""Where the parts of a picture of a network stand: boxes from left to right, and lanes for what passes over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darnax.builder import Description, ModuleRow

LETTER, MARGIN = 7.2, 28  # width of a letter, and of the border, in pixels
HALF_LOOP, PORT = (
    36,
    14,
)  # room that a loop takes from the middle of a box, and room for one arc beside it


@dataclass(frozen=True)
class Arc:
    """An adapter that passes over other buffers: the lane it runs in, counted from the boxes, and on which side."""

    module: "ModuleRow"
    lane: int
    above: bool

    @property
    def ends(self) -> tuple[int, int]:
        """The positions it joins, the left one first."""
        left, right = sorted((self.module.sender, self.module.receiver))
        return left, right


@dataclass(frozen=True)
class Columns:
    """Where the boxes stand from left to right."""

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


def span(module: "ModuleRow") -> int:
    """How many buffers to the right a message goes."""
    return module.receiver - module.sender


def assign_lanes(modules: Sequence["ModuleRow"], *, above: bool) -> list[Arc]:
    """Give every arc the lowest lane in which it is alone, short ones first, so that they nest."""
    arcs: list[Arc] = []
    for module in sorted(modules, key=lambda m: (abs(span(m)), m.sender)):
        left, right = sorted((module.sender, module.receiver))
        taken = {arc.lane for arc in arcs if arc.ends[0] < right and left < arc.ends[1]}
        arcs.append(
            Arc(module, next(lane for lane in range(1, len(arcs) + 2) if lane not in taken), above)
        )
    return arcs


def layout_columns(
    description: "Description", layers: dict[int, "ModuleRow"], arcs: Sequence[Arc]
) -> Columns:
    """Place the boxes, as wide as their words and arcs need, and as far apart as the words between them need."""
    adapters = [module for module in description.modules if module.sender != module.receiver]
    lefts, widths, x = [], [], float(MARGIN)
    for position, (name, size) in enumerate(description.buffers):
        layer = layers.get(position)
        words = (
            name,
            format_size(size),
            layer.kind if layer else "",
            layer.connectivity if layer else "",
        )
        widths.append(
            max(
                [
                    88.0,
                    *(len(word) * LETTER + 20 for word in words),
                    2 * (HALF_LOOP + PORT * (busiest(position, arcs) + 1)),
                ]
            )
        )
        lefts.append(x)
        between = [m for m in adapters if {m.sender, m.receiver} == {position, position + 1}]
        x += widths[-1] + max(
            [72.0, *(max(len(m.name), len(m.connectivity)) * LETTER + 30 for m in between)]
        )
    return Columns(tuple(lefts), tuple(widths))


def format_size(size: tuple[int, ...]) -> str:
    """A size for a person."""
    return "×".join(map(str, size))


def neighbours(arc: Arc, position: int, arcs: Sequence[Arc]) -> list[int]:
    """The lanes, high ones first, of the arcs that meet a box at the same corner as this one does."""
    leftmost = position == arc.ends[0]
    meeting = [
        other
        for other in arcs
        if other.above == arc.above and other.ends[0 if leftmost else 1] == position
    ]
    return sorted((other.lane for other in meeting), reverse=True)


def busiest(position: int, arcs: Sequence[Arc]) -> int:
    """How many arcs meet the fullest corner of a box."""
    return max([0, *(len(neighbours(arc, position, arcs)) for arc in arcs if position in arc.ends)])


def port(arc: Arc, position: int, arcs: Sequence[Arc], columns: Columns) -> float:
    """Where an arc meets a box: high lanes nearest the middle, so that no two arcs cross at a box."""
    inset = HALF_LOOP + PORT * neighbours(arc, position, arcs).index(arc.lane)
    return columns.middle(position) + (inset if position == arc.ends[0] else -inset)


def clear(arc: Arc, arcs: Sequence[Arc], columns: Columns, width: float) -> float:
    """Where along its lane the words of an arc cross no other arc; its middle if there is no such place."""
    left, right = (port(arc, end, arcs, columns) for end in arc.ends)
    others = [
        port(o, end, arcs, columns)
        for o in arcs
        if o.above == arc.above and o.lane > arc.lane
        for end in o.ends
    ]
    places = [left + (right - left) * share for share in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)]
    inside = [x for x in places if left + width / 2 < x < right - width / 2]
    return next(
        (x for x in inside if all(abs(x - other) > width / 2 + 4 for other in others)),
        (left + right) / 2,
    )
