"""A comparison as one HTML file: curves, a map over swept axes, a table; it opens from disk and asks no network."""

import json
import math
import os
import re
from collections.abc import Hashable, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from darnax.errors import writing_file
from darnax.reports import text
from darnax.reports.compare import Comparison, may_choose
from darnax.reports.configuration import short_names
from darnax.reports.figures import Figures, figures_of
from darnax.reports.runs import Run

SCRIPTS = ("plots.js", "values.js", "table.js", "curves.js", "map.js", "page.js")
PLACE = re.compile(r"/\*(style|plotly|data|scripts)\*/")


def write(comparison: Comparison, path: Path) -> None:
    """Write the page; links to runs are relative to it, so that it can move together with them."""
    page = html(content(comparison, path.absolute().parent))
    with writing_file(path):
        path.write_text(page, encoding="utf-8")


def html(data: dict[str, Any], scripts: Sequence[str] = SCRIPTS) -> str:
    """Put the parts of a page together: the frame, its style, the plotting library, the data, and the scripts.

    No `<` of the data stays one: nothing in a configuration can end the script that holds them, or begin another.
    """
    from plotly.offline import get_plotlyjs

    parts = {
        "style": asset("page.css"),
        "plotly": get_plotlyjs(),
        "data": json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", r"\u003c"),
        "scripts": "\n".join(map(asset, scripts)),
    }
    return PLACE.sub(lambda place: parts[place[1]], asset("page.html"))


def asset(name: str) -> str:
    """Read a file of the page."""
    return (files("darnax.reports") / "assets" / name).read_text(encoding="utf-8")


def content(comparison: Comparison, place: Path) -> dict[str, Any]:
    """Return all that the page shows, as JSON has it."""
    figures = figures_of(comparison)
    short = short_names(comparison.columns, comparison.keys)
    names = sorted({run.experiment for row in comparison.rows for run in row.runs})
    return {
        "title": ", ".join(names),
        "made": f"{datetime.now():%Y-%m-%d %H:%M}",
        "metric": comparison.metric,
        "best": comparison.best,
        "lower": comparison.lower,
        "columns": [{"key": key, "short": short[key]} for key in comparison.columns],
        "metrics": figures.metrics,
        "reported": [metric for metric in figures.metrics if not may_choose(metric)],
        "rows": [describe_row(comparison, figures, i, place) for i in range(len(comparison.rows))],
        "damaged": [
            {"name": run.path.name, "link": link(run, place), "damage": run.damage}
            for run in comparison.damaged
        ],
    }


def describe_row(comparison: Comparison, figures: Figures, i: int, place: Path) -> dict[str, Any]:
    """Return a row with its runs, its figures and its curves."""
    row = comparison.rows[i]
    return {
        "values": [as_json_value(value) for value in row.values],
        "unfinished": text.count("", row.unfinished),
        "figures": figures.of_rows[i],
        "curves": figures.curves[i],
        "runs": [
            {
                "name": run.path.name,
                "link": link(run, place),
                "seed": as_json_value(run.config.get("seed")),
                "status": run.status,
                "values": figures.of_runs[run],
            }
            for run in row.runs
        ],
    }


def link(run: Run, place: Path) -> str:
    """Return the way from the page to the folder of a run."""
    return quote(os.fsencode(os.path.relpath(run.path.absolute(), place))) + "/"


def as_json_value(value: Hashable) -> Any:
    """Return a value of a configuration: numbers stay numbers, all else is text."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if number else text.leaf(value)
