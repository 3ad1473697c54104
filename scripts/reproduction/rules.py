"""Compares the learning rules: a forest plot of their accuracies, and what their networks cost."""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

import darnax
from darnax.printing import element_text
from reproduction.ledger import Ledger
from reproduction.plot import begin_document
from reproduction.receipts import read_runs, require_run, require_runs
from reproduction.rows.row import ACCURACY, Section
from reproduction.rows.rules import FASHION_RULES, RULES
from reproduction.spread import format_spread

TEST_IMAGES = 10_000
EXAMPLES = 1000  # of the test images, over which operations are averaged
# Pixels of the forest plot.
NAMES, WIDTH, LINE, TOP, BOTTOM, GAP = 330, 330, 26, 44, 48, 56
TICKS, STEPS = 5, (0.01, 0.02, 0.05, 0.1, 0.2)  # at most, and the distance between them


class Estimate(NamedTuple):
    """An accuracy over seeds: its mean, and half of the interval that is drawn."""

    name: str
    mean: float
    deviation: float


def cost_of_rules(outputs: Path) -> list[dict[str, Any]]:
    """Count parameters and synaptic operations of the networks of the learning rules on MNIST.

    Of the run of seed 0. Synaptic operations are those of one inference, as a mean over 1000
    test images: `dense` counts every synapse of every message that is sent, once for an input that
    is held, `events` only those of units that have changed. `darnax analyse RUN --only operations`
    counts them for any run.
    """
    return list_costs(RULES, outputs)


def cost_of_rules_on_fashion(outputs: Path) -> list[dict[str, Any]]:
    """Count parameters and synaptic operations of the same networks on Fashion-MNIST.

    As for MNIST.
    """
    return list_costs(FASHION_RULES, outputs)


def list_costs(section: Section, outputs: Path) -> list[dict[str, Any]]:
    """Return the parameters and the synaptic operations of the networks of a section."""
    found = read_runs(outputs)
    rows = []
    for row in section.rows:
        run = darnax.load(require_run(found, outputs, row.overrides, 0).path)
        table = run.analyse(only=["operations"], examples=EXAMPLES)["operations"]
        operations = dict(table.rows)
        learned = darnax.describe(*row.overrides.split()).found.plastic
        cells = {"rule": row.what, "parameters that learn": f"{learned:,}"}
        cells |= {f"operations, {count}": f"{each:,.0f}" for count, each in operations.items()}
        rows.append(cells)
    return rows


def readout_by_goodness(outputs: Path) -> list[dict[str, Any]]:
    """Readouts of Forward-Forward: test accuracy by goodness of the layers, and by the linear one.

    MNIST, two layers of 1000 units; every class in turn is shown as the label. Mean ± standard
    deviation over three seeds, by `darnax analyse RUN --only goodness --examples 10000`.
    """
    found = read_runs(outputs)
    row = next(row for row in RULES.rows if "mnist_ff" in row.overrides)
    accuracies: dict[str, list[float]] = {}
    for run in require_runs(found, outputs, row.overrides):
        analysis = darnax.load(run.path).analyse(only=["goodness"], examples=TEST_IMAGES)
        table = analysis["goodness"]
        for name, accuracy in table.rows:
            accuracies.setdefault(name, []).append(accuracy)
    return [
        {"readout": name, "accuracy": format_spread(values, 4)}
        for name, values in accuracies.items()
    ]


def draw_forest(ledger: Ledger) -> str:
    """Return the accuracies of all rules as points with intervals, a panel for each data set."""
    panels = [(section.title, estimate(section, ledger)) for section in (RULES, FASHION_RULES)]
    names = [row.what for row in RULES.rows]
    width = NAMES + 2 * (WIDTH + GAP)
    height = TOP + LINE * len(names) + BOTTOM
    parts = begin_document(width, height)
    for number, name in enumerate(names):
        y = TOP + LINE * (number + 0.5) + 4
        parts.append(f'<text class="right" x="{NAMES - 12}" y="{y}">{element_text(name)}</text>')
    for number, (title, estimates) in enumerate(panels):
        left = NAMES + number * (WIDTH + GAP)
        parts += draw_panel(left, title, names, estimates)
    return "\n".join([*parts, "</svg>\n"])


def estimate(section: Section, ledger: Ledger) -> list[Estimate]:
    """Return mean and standard deviation of every row that has been run."""
    found = []
    for row in section.rows:
        values = [one.metrics[ACCURACY] for one in ledger.of(row).values()]
        if values:
            deviation = stdev(values) if len(values) > 1 else 0.0
            found.append(Estimate(row.what, fmean(values), deviation))
    return found


def draw_panel(
    left: float, title: str, names: Sequence[str], estimates: Iterable[Estimate]
) -> Iterator[str]:
    """Yield a grid with its numbers, and a point with an interval for every estimate."""
    estimates = list(estimates)
    bottom = TOP + LINE * len(names)
    yield f'<text class="start" x="{left}" y="{TOP - 18}">{element_text(title)}</text>'
    lowest = min((one.mean - one.deviation for one in estimates), default=0.9)
    step = next(each for each in STEPS if lowest >= 1 - TICKS * each)
    count = ceil((1 - lowest) / step)
    low = 1 - count * step

    def place(value: float) -> float:
        return round(left + WIDTH * (value - low) / (1 - low), 1)

    for tick in range(count + 1):
        x = place(low + tick * step)
        yield f'<path class="grid" d="M{x},{TOP} V{bottom}"/>'
        yield f'<text x="{x}" y="{bottom + 18}">{low + tick * step:.3g}</text>'
    yield f'<text x="{left + WIDTH / 2}" y="{bottom + 38}">test accuracy</text>'
    for one in estimates:
        y = TOP + LINE * (names.index(one.name) + 0.5)
        start, end = place(one.mean - one.deviation), place(one.mean + one.deviation)
        yield f'<path class="curve0" d="M{start},{y} H{end}"/>'
        yield f'<circle class="curve0" cx="{place(one.mean)}" cy="{y}" r="3.5"/>'
