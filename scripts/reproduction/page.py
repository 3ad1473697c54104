"""Writes the results page: tables whose numbers all come from run folders."""

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

from reproduction.classifier_map import BY_STEPS, draw_classifiers, draw_completion
from reproduction.curves import draw_curves
from reproduction.heat import draw_memory_map
from reproduction.ledger import Ledger, is_outdated
from reproduction.memory_figures import draw_memory_capacity, draw_memory_recall
from reproduction.receipts import Receipt
from reproduction.robustness import draw_robustness
from reproduction.rows.row import ACCURACY, OPERATIONS, Row, Section
from reproduction.rows.rules import FASHION_RULES, RULES
from reproduction.rules import draw_forest
from reproduction.spread import format_spread

# Measurements that are drawn as well as tabulated.
PICTURES = {
    "completion_by_steps": draw_completion,
    "curves": draw_curves,
    "robustness": draw_robustness,
    "memory_map": draw_memory_map,
}
# Figures that are drawn from several measurements.
FIGURES = {
    "classifiers-by-steps.svg": (draw_classifiers, tuple(BY_STEPS)),
    "memory-capacity.svg": (
        draw_memory_capacity,
        ("memory_capacity", "memory_stored", "memory_stored_patterns"),
    ),
    "memory-recall.svg": (draw_memory_recall, ("memory_basins", "memory_kinds")),
}
FOREST = "learning-rules.svg"
# Measurements that stand with a table of learning rules.
COSTS = {RULES.title: "cost_of_rules", FASHION_RULES.title: "cost_of_rules_on_fashion"}
FOREST_TEXT = "Points are means over seeds, lines reach one standard deviation to either side."

HEADER = """# Results

Written by `python scripts/reproduce.py` from the receipts in [receipts.json](receipts.json), which
it takes from run folders: no number here is typed by hand. Mean ± standard deviation over seeds.
Seconds are those of one run, or of all runs side by side in one program, on a machine that had
other work as well. A + after a commit says that files had changed since, a * that the settings of
the row have changed since. A row without numbers has not been run:
`python scripts/reproduce.py --missing` lists the commands.

All accuracies are of the 10,000 test images, measured once, of the last network. Every network was
trained on all 60,000 training images; its settings had been chosen on a part of these. Some rows
have a reference number. Its origin is *fork*, a notebook in a public fork of the code of arXiv
2509.05041 (test images), *authors*, the code and the plots of its authors (validation images), or
*its paper*, the publication of a learning rule, which the guide of
[learning rules](guides/learning-rules.md) names. Those of 2509.05041 have not been compared with
the text of the paper. Those of other papers are of networks of other sizes.
"""


def draw_pictures(ledger: Ledger) -> dict[str, str]:
    """Return name of a file -> the picture of a measurement as SVG."""
    found = PICTURES.keys() & ledger.physics.keys()
    pictures = {f"{name}.svg": PICTURES[name](ledger.physics[name]["rows"]) for name in found}
    rows = {name: measured["rows"] for name, measured in ledger.physics.items()}
    for file, (draw, names) in FIGURES.items():
        if rows.keys() >= set(names):
            pictures[file] = draw(rows)
    return pictures | {FOREST: draw_forest(ledger)}


def write_page(sections: Sequence[Section], ledger: Ledger) -> str:
    """Return the page as Markdown."""
    parts = [HEADER]
    for section in sections:
        parts += format_section(section, ledger)
        if COSTS.get(section.title) in ledger.physics:
            parts.append(format_measurement(ledger, COSTS[section.title]))
        if section is FASHION_RULES:
            parts.append(f"![Test accuracy of the learning rules]({FOREST})\n\n{FOREST_TEXT}\n")
    return "\n".join([*parts, *format_physics(ledger)])


def format_section(section: Section, ledger: Ledger) -> Iterator[str]:
    """Yield the parts of a section of runs."""
    yield f"## {section.title}\n\n{section.text}\n"
    has_references = any(row.reference for row in section.rows)
    references = ["reference", "origin"] if has_references else []
    circumstances = ["seeds", "seconds", "on", "commit", "command"]
    heads = ["", *references, *section.heads, *circumstances]
    yield table(heads, [format_row(row, ledger.of(row), has_references) for row in section.rows])


def format_row(row: Row, receipts: dict[int, Receipt], has_references: bool) -> list[str]:
    """Return the cells of a row."""
    cells = [row.what]
    if has_references:
        cells += [row.reference, row.origin]
    cells += format_metrics(row, receipts)
    cells += format_circumstances(row, receipts) if receipts else [""] * 4
    return [*cells, f"`{row.command}`"]


def format_metrics(row: Row, receipts: dict[int, Receipt]) -> list[str]:
    """Return mean ± standard deviation of every metric."""
    cells = []
    for metric in row.metrics:
        values = [receipt.metrics.get(metric) for receipt in receipts.values()]
        cells.append(format_mean([value for value in values if value is not None], metric))
    return cells


def format_circumstances(row: Row, receipts: dict[int, Receipt]) -> tuple[str, str, str, str]:
    """Return seeds, seconds, device and commit."""
    seeds = f"{len(receipts)}"
    for epoch in sorted({receipt.cut for receipt in receipts.values()} - {0}):
        seeds += f", cut off after {epoch} epochs"
    seconds = f"{fmean(receipt.seconds for receipt in receipts.values()):.0f}"
    # A dictionary keeps each value once, in order.
    devices = dict.fromkeys(receipt.device for receipt in receipts.values())
    commits: dict[str, None] = {}
    for seed, receipt in receipts.items():
        mark = "*" if is_outdated(row, seed, receipt) else ""
        commits[receipt.commit + mark] = None
    return seeds, seconds, ", ".join(devices), ", ".join(commits)


def format_mean(values: Sequence[float], metric: str) -> str:
    """Return mean ± standard deviation, of operations the mean alone; without values ""."""
    if metric in OPERATIONS:
        return f"{fmean(values):,.0f}" if values else ""
    return format_spread(values, 4 if metric == ACCURACY else 3)


def format_physics(ledger: Ledger) -> Iterator[str]:
    """Yield the parts about the physics."""
    yield "## Physics\n"
    for name in sorted(ledger.physics.keys() - set(COSTS.values())):
        yield format_measurement(ledger, name)


def format_measurement(ledger: Ledger, name: str, docs: str = "") -> str:
    """Return the text, the picture and the table of a measurement, and how it was made.

    `docs` is the way from the page to the folder of the pictures, such as `../`.
    """
    result = ledger.physics[name]
    parts = [f"{result['text']}\n"]
    if name in PICTURES:
        parts.append(f"![{result['text'].partition('.')[0]}]({docs}{name}.svg)\n")
    rows = [list(map(str, row.values())) for row in result["rows"]]
    parts.append(table(list(result["rows"][0]), rows))
    command = f"`python scripts/reproduce.py --physics {name}`"
    parts.append(f"{command}, {result['seconds']:.0f} s, commit {result['commit']}\n")
    return "\n".join(parts)


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]
    return "\n".join(lines) + "\n"
