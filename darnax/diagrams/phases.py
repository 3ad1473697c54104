"""The picture of phases as SVG: which messages each sends, with which gain, and what it learns."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from darnax.diagrams.picture import Point, draw_text, make_document
from darnax.printing import count_of, element_text

if TYPE_CHECKING:
    from darnax.builder import Description, ModuleRow
    from darnax.phases import Phase

# Pixels.
NAMES, COLUMN, ROW, TOP, LINE, MARGIN = 150, 136, 26, 92, 18, 20
RADIUS = 5
LETTERS = 22  # of a line in the head of a column
LEGEND = (
    ("sent", "message, with its gain"),
    ("third", "third factor"),
    ("raised", "learns, with its factor"),
    ("lowered", "unlearns"),
)


def phases_svg(description: "Description") -> str:
    """Return a table of modules and phases as an SVG document, for light and dark screens.

    A disc is a message that is sent, with its gain where that is not 1, a ring one that is a third
    factor; a triangle upwards is learning, one downwards learning with a negative factor, with the
    factor where that is not ±1.
    """
    phases = [("train", *item) for item in description.train.items()]
    phases += [("infer", *item) for item in description.infer.items()]
    rows = list(description.modules)
    width = NAMES + COLUMN * max(len(phases), 4) + MARGIN
    heads = [list_head(when, label, phase, description.score) for when, label, phase in phases]
    top = TOP + LINE * (max(map(len, heads)) - 4)
    bottom = top + ROW * len(rows)
    parts: list[str] = []
    for number, module in enumerate(rows):
        y = top + ROW * (number + 0.5)
        parts.append(f'<path class="grid" d="M{MARGIN},{y + ROW / 2} H{width - MARGIN}"/>')
        words = element_text(module.name)
        parts.append(f'<text class="name start" x="{MARGIN}" y="{y + 4}">{words}</text>')
        for column, (when, label, phase) in enumerate(phases):
            at = Point(NAMES + COLUMN * (column + 0.5), y)
            parts += draw_message(at, module, module.gains[column])
            if when == "train" and label in module.learns:
                parts += draw_learning(at, phase.factor(module.name))
    for column, lines in enumerate(heads):
        parts += draw_head(NAMES + COLUMN * (column + 0.5), lines)
    parts += draw_legend(bottom + 34)
    return make_document(width, bottom + 34 + MARGIN, parts)


def list_head(when: str, label: str, phase: "Phase", score: str | None) -> list[str]:
    """Return the head of a column: the phase, its length, and what it starts from and shows.

    A fifth line has the state that is learned, where that is not the phase's own.
    """
    most = "" if phase.until is None else "up to "
    steps = f"{most}{count_of(phase.length, 'step')}"
    scored = ", scored" if when == "train" and label == score else ""
    lines = [f"{when}{scored}", label, f"{steps}, {phase.start}"]
    lines.append(", ".join(describe_shown(phase)))
    if phase.target_state:
        lines.append(f"learns {describe_target_state(phase)}")
    return lines


def draw_head(x: float, lines: list[str]) -> Iterator[str]:
    """Draw the head of a column; its second line is the name of the phase."""
    for number, text in enumerate(lines):
        cut = text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"
        yield draw_text(Point(x, 22 + LINE * number), cut, "name" if number == 1 else "soft")


def describe_target_state(phase: "Phase") -> str:
    """Return which state is learned, such as `0.5·clamped + free`; "" for the phase's own."""
    if not isinstance(phase.target_state, Mapping):
        return ""
    names = []
    for name, weight in phase.target_state.items():
        names.append(name if weight == 1 else f"{weight:g}·{name}")
    return " + ".join(names)


def describe_shown(phase: "Phase") -> Iterator[str]:
    """Yield what a phase shows that is not as given: `wrong target`."""
    for what in ("input", "target"):
        choice = getattr(phase, what)
        if choice != "given":
            by = f" by {phase.wrong_by}" if what == "target" and phase.wrong_by else ""
            yield f"{'no' if choice == 'none' else choice} {what}{by}"


def draw_message(at: Point, module: "ModuleRow", gain: float | None) -> Iterator[str]:
    """Draw a message that is sent as a disc, and one that is a third factor as a ring."""
    x = at.x - 36
    if module.is_third_factor:
        yield f'<circle class="third" cx="{x:.0f}" cy="{at.y:.0f}" r="{RADIUS}"/>'
    elif gain is not None and gain != 0:
        yield f'<circle class="sent" cx="{x:.0f}" cy="{at.y:.0f}" r="{RADIUS}"/>'
    if gain not in (None, 1):
        yield draw_text(Point(x + 22, at.y + 4), f"{gain:g}", "soft")


def draw_learning(at: Point, factor: float) -> Iterator[str]:
    """Draw learning as a triangle upwards, with a negative factor downwards."""
    x, up = at.x + 22, factor >= 0
    tip, base = (at.y - 6, at.y + 5) if up else (at.y + 6, at.y - 5)
    kind = "raised" if up else "lowered"
    path = f"M{x:.0f},{tip:.0f} L{x + 6:.0f},{base:.0f} H{x - 6:.0f} z"
    yield f'<path class="{kind}" d="{path}"/>'
    if abs(factor) != 1:
        yield draw_text(Point(x + 22, at.y + 4), f"{factor:g}", "soft")


def draw_legend(y: float) -> Iterator[str]:
    """Draw what the signs mean."""
    for number, (kind, text) in enumerate(LEGEND):
        x = MARGIN + 8 + 160 * number
        if kind in ("sent", "third"):
            yield f'<circle class="{kind}" cx="{x}" cy="{y - 4:.0f}" r="{RADIUS}"/>'
        else:
            yield from draw_learning(Point(x - 22, y - 4), 1 if kind == "raised" else -1)
        yield f'<text class="soft start" x="{x + 14}" y="{y:.0f}">{text}</text>'
