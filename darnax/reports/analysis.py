"""The measures of `darnax analyse` as one HTML file: one figure per table in the run's folder."""

import csv
import shlex
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from darnax.errors import Problem, RequestError, writing_file
from darnax.files import read_text, write_inside
from darnax.printing import unescape_cell
from darnax.reports import page
from darnax.reports.figures import as_json_numbers
from darnax.reports.runs import Run, describe_error, read
from darnax.scores import ACCURACY, is_score

FOLDER = "analysis"  # of the tables, in the folder of the run
PAGE = "analysis.html"
SCRIPTS = ("analysis.js",)
DRAWN = ("title", "note", "kind", "scale", "steps", "axes", "percent")  # fields of a figure
MOST_BYTES = 1 << 26  # of a table
MOST_ROWS = 1_000_000  # of a table


class Figure(NamedTuple):
    """How a table in long form is drawn.

    It shows `y` over `x` with a line (or bars, or points) for each `series`; the reader selects one
    of the panels, which are the combinations of the columns `panel`. The column `error`, if there
    is one, is drawn as error bars of a line: y ± error. The axes are named by `axes`, or as the
    columns; fractions are written in percent along the axes in `percent`.
    """

    title: str
    note: str
    panel: Sequence[str]
    series: str | None
    x: str
    y: str
    kind: str = "lines"
    scale: str = "linear"
    error: str | None = None
    steps: bool = False  # whether `y` are the bins of a histogram over x
    axes: Sequence[str] = ()
    percent: str = ""  # x, y or xy


FIGURES: Mapping[str, Figure] = {
    "relaxation": Figure(
        "Relaxation",
        "Fraction of a layer's units that flip at every step. "
        "A blank start sets every unit in its first step. Steps without flips are not drawn.",
        ("dynamics", "layer"), "phase", "step", "flips", scale="log",
        axes=("step", "units that flip"), percent="y",
    ),
    "operations": Figure(
        "Synaptic operations",
        "For one inference: of all messages that the steps send (dense), and of the units that "
        "change in a step alone (events).",
        (), None, "count", "operations", "bars", axes=("", "operations"),
    ),
    "margins": Figure(
        "Margins",
        "The margin y·h of every unit before and after training, in the phase in which the layer's "
        "synapses learn; units right of 0 (dotted) are stable. The outermost bins hold the tails.",
        ("layer",), "when", "margin", "share", steps=True,
        axes=("margin y·h", "share of the units"), percent="y",
    ),
    "overlaps": Figure(
        "Overlaps between phases",
        "(1/N) Σ s s' between the ends of two phases, class by class; "
        "the label does not enter the phases of inference.",
        ("between",), "layer", "class", "overlap", "bars",
    ),
    "couplings": Figure(
        "Symmetry of J",
        "η = Σ J_ij J_ji / Σ J_ij² at the checkpoints there are: "
        "1 is symmetric, 0 independent, −1 antisymmetric.",
        (), "layer", "step", "symmetry", axes=("step of training", "η"),
    ),
    "spectra": Figure(
        "Spectrum of J",
        "Eigenvalues before and after training; independent couplings N(0, 1/N) fill the unit "
        "disc (dashed).",
        ("layer",), "when", "real", "imaginary", "points",
        axes=("real part", "imaginary part"),
    ),
    "basins": Figure(
        "Basins of attraction",
        "Hidden units flipped at the fixed point of inference, then relaxed again. "
        "Back: the share with an overlap of 0.99 or more; answer: with the same prediction.",
        (), "what", "flipped", "share",
        axes=("hidden units that are flipped", "overlap, or share of the examples"), percent="x",
    ),
    "probes": Figure(
        "Linear probes",
        "Test score of a ridge regression on each layer, fitted in closed form on training data.",
        (), None, "buffer", "score", "bars",
    ),
    "goodness": Figure(
        "Readout by goodness",
        "Every class is put into the input as the label; the answer is the class with the largest "
        "sum of squared activities, of one layer or of all (of three or more: all but the first).",
        (), None, "readout", "accuracy", "bars", percent="y",
    ),
}  # fmt: skip


def write(folder: Path, checkpoint: str = "") -> Path:
    """Write `analysis.html` into the folder of a run, from the tables in its `analysis/`.

    Args:
        folder: of the run.
        checkpoint: the description of the network that was analysed.

    Returns:
        The path of the page.

    Raises:
        RequestError: there is no table, or the page cannot be written.
    """
    run, path = read(folder), folder / PAGE
    figures, _ = tables(folder)
    if not figures:
        command = f"darnax analyse {shlex.quote(str(folder))}"
        what = f"has no numbers to draw; make them with {command}"
        raise RequestError(Problem(str(folder), what))
    with writing_file(path, "analyse a copy of the run"):
        write_inside(folder, PAGE, page.render(collect(run, figures, checkpoint), SCRIPTS))
    return path


def tables(folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the figures of the tables in the folder of a run, and a message per damaged table."""
    figures, damage = [], []
    for name, figure in FIGURES.items():
        file = folder / FOLDER / f"{name}.csv"
        try:
            figures.append(make_figure(figure, table(file)))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            damage.append(f"{file} {describe_error(error)}")
    return figures, damage


def collect(run: Run, figures: list[dict[str, Any]], checkpoint: str) -> dict[str, Any]:
    """Return the content of the page as JSON values."""
    metrics = {
        name: as_json_numbers([run.value(name)])[0]
        for name in run.summary.get("metrics", {})
        if is_score(name)
    }
    name_scores(figures, metrics)
    return {
        "title": run.experiment,
        "name": run.path.resolve().name,
        "status": run.status,
        "checkpoint": checkpoint,
        "metrics": metrics,
        "figures": figures,
    }


def name_scores(figures: Sequence[dict[str, Any]], metrics: Iterable[str]) -> None:
    """Name the axes of scores, in percent, where all scores of the run are accuracies."""
    names = list(metrics)
    if not names or not all(name.endswith(ACCURACY) for name in names):
        return
    for figure in figures:
        across, up = figure["axes"]
        if up == "score":
            figure["axes"] = [across, ACCURACY]
            figure["percent"] = "y"


def table(file: Path) -> list[dict[str, str]]:
    """Read a table, one mapping for each row.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not a table, or too large.
    """
    try:
        reader = csv.reader(StringIO(read_text(file, MOST_BYTES), newline=""))
        # The header and one row more than allowed: enough to know that there are too many.
        lines = list(islice(reader, MOST_ROWS + 2))
        if len(lines) > MOST_ROWS + 1:
            raise ValueError(f"has more than {MOST_ROWS} rows")
        header, *rows = [list(map(unescape_cell, line)) for line in lines if line]
        return [dict(zip(header, row, strict=True)) for row in rows]
    except csv.Error as error:
        raise ValueError(str(error)) from error


def make_figure(figure: Figure, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return a figure with its points, in panels and series in the order of the rows.

    Raises:
        ValueError: the table has no rows, or no column that the figure needs.
    """
    if not rows:
        raise ValueError("has no rows")
    columns = {"x": figure.x, "y": figure.y}
    if figure.error is not None:
        columns["error"] = figure.error
    needed = {*figure.panel, *columns.values(), figure.series or figure.y}
    absent = needed - set(rows[0])
    if absent:
        raise ValueError(f"has no column {min(absent)}")
    panels: dict[str, dict[str, dict[str, Any]]] = {}  # panel -> series -> trace
    for row in rows:
        panel = panels.setdefault(", ".join(row[name] for name in figure.panel), {})
        series = row[figure.series] if figure.series else figure.y
        trace = panel.setdefault(series, {"name": series} | {name: [] for name in columns})
        for name, column in columns.items():
            trace[name].append(as_json_cell(row[column]))
    fields = {name: getattr(figure, name) for name in DRAWN}
    fields["axes"] = list(figure.axes or (figure.x, figure.y))
    return fields | {"panels": {name: list(panel.values()) for name, panel in panels.items()}}


def as_json_cell(cell: str) -> float | str | None:
    """Return a cell as a JSON value: a number where it is one (null if not finite), or text."""
    try:
        return as_json_numbers([float(cell)])[0]
    except ValueError:
        return cell
