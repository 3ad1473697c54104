"""What `darnax analyse` measured, as one HTML file: every table of numbers in the run's folder becomes a figure."""

import csv
import shlex
from collections.abc import Mapping, Sequence
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
from darnax.scores import is_score

FOLDER = "analysis"  # of the tables, in the folder of the run
PAGE = "analysis.html"
SCRIPTS = ("plots.js", "analysis.js")
LARGEST = 1 << 26  # bytes of a table
MOST = 1_000_000  # rows


class Figure(NamedTuple):
    """How a table in long form is drawn: `y` over `x`, a line (or bars, or points) for each `series`, a choice of `panel`."""

    title: str
    note: str
    panel: Sequence[str]
    series: str | None
    x: str
    y: str
    kind: str = "lines"
    scale: str = "linear"


FIGURES: Mapping[str, Figure] = {
    "relaxation": Figure(
        "Relaxation",
        "Fraction of a layer's units that flip at every step. A blank start sets every unit in its first step.",
        ("dynamics", "layer"), "phase", "step", "flips", scale="log",
    ),
    "margins": Figure(
        "Margins",
        "How firmly the field supports the state, y·h of every unit, where the layer's synapses learn; right of 0 is stable.",
        ("layer",), "when", "margin", "share",
    ),
    "overlaps": Figure(
        "Overlaps between phases",
        "(1/N) Σ s s' between the ends of two phases, class by class; the phases of inference have not seen the label.",
        ("between",), "layer", "class", "overlap", "bars",
    ),
    "couplings": Figure(
        "Symmetry of J",
        "η = Σ J_ij J_ji / Σ J_ij² at the checkpoints there are: 1 is symmetric, 0 independent, −1 antisymmetric.",
        (), "layer", "step", "symmetry",
    ),
    "spectra": Figure(
        "Spectrum of J", "Eigenvalues in the complex plane; independent couplings N(0, 1/N) fill the unit disc.",
        ("layer",), "when", "real", "imaginary", "points",
    ),
    "basins": Figure(
        "Basins of attraction",
        "Hidden units flipped at the fixed point of inference, then relaxed again. Back: an overlap of 0.99 or more.",
        (), "what", "flipped", "share",
    ),
    "probes": Figure(
        "Linear probes", "Test score of a ridge regression on each layer, fitted in closed form on training data.",
        (), None, "buffer", "score", "bars",
    ),
}  # fmt: skip


def write(folder: Path) -> Path:
    """Write `analysis.html` into the folder of a run, from the tables in its `analysis/`, and return where it is.

    Raises:
        RequestError: there is no table, or the page cannot be written.
    """
    run, path = read(folder), folder / PAGE
    figures, _ = tables(folder)
    if not figures:
        raise RequestError(
            Problem(
                str(folder),
                f"has no numbers to draw; make them with darnax analyse {shlex.quote(str(folder))}",
            )
        )
    with writing_file(path, "choose another run"):
        write_inside(folder, PAGE, page.html(content(run, figures), SCRIPTS))
    return path


def tables(folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the figures of the tables there are in the folder of a run, and what is wrong with tables that are damaged."""
    figures, damage = [], []
    for name, figure in FIGURES.items():
        file = folder / FOLDER / f"{name}.csv"
        try:
            figures.append(figure_data(figure, table(file)))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            damage.append(f"{file} {describe_error(error)}")
    return figures, damage


def content(run: Run, figures: list[dict[str, Any]]) -> dict[str, Any]:
    """Return all that the page shows, as JSON has it."""
    told = {
        name: as_json_numbers([run.value(name)])[0]
        for name in run.summary.get("metrics", {})
        if is_score(name)
    }
    title = f"{run.experiment} {run.path.resolve().name}"
    return {"title": title, "status": run.status, "metrics": told, "figures": figures}


def table(file: Path) -> list[dict[str, str]]:
    """Read a table, one mapping a row; a ValueError says that it is none."""
    try:
        rows = list(islice(csv.reader(StringIO(read_text(file, LARGEST), newline="")), MOST + 2))
        if len(rows) > MOST + 1:
            raise ValueError(f"has more than {MOST} rows")
        names, *found = [[unescape_cell(cell) for cell in row] for row in rows if row]
        return [dict(zip(names, row, strict=True)) for row in found]
    except csv.Error as error:
        raise ValueError(str(error)) from error


def figure_data(figure: Figure, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return a figure with its points, sorted into panels and series in the order in which they come."""
    if absent := {*figure.panel, figure.x, figure.y, figure.series or figure.y} - set(
        rows[0] if rows else ()
    ):
        raise ValueError(f"has no column {min(absent)}")
    panels: dict[str, dict[str, tuple[list[Any], list[Any]]]] = {}
    for row in rows:
        panel = panels.setdefault(", ".join(row[name] for name in figure.panel), {})
        x, y = panel.setdefault(row[figure.series] if figure.series else figure.y, ([], []))
        x.append(number_or_word(row[figure.x]))
        y.append(number_or_word(row[figure.y]))
    traces = {
        name: [{"name": s, "x": x, "y": y} for s, (x, y) in panel.items()]
        for name, panel in panels.items()
    }
    return {
        name: getattr(figure, name) for name in ("title", "note", "kind", "scale", "x", "y")
    } | {"panels": traces}


def number_or_word(cell: str) -> float | str | None:
    """Return a cell as JSON has it."""
    try:
        return as_json_numbers([float(cell)])[0]
    except ValueError:
        return cell
