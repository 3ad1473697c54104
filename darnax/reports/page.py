"""A comparison as one HTML file that needs no network: curves, a map over swept axes, a table."""

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
from darnax.reports.figures import Figures, collect_figures
from darnax.reports.runs import Run

SCRIPTS = ("plots.js", "values.js", "table.js", "curves.js", "map.js", "page.js")
PLACEHOLDER = re.compile(r"/\*(style|plotly|data|scripts)\*/")


def write(comparison: Comparison, path: Path) -> None:
    """Write the page; links to runs are relative to it, so that it can move together with them."""
    page = render(collect(comparison, path.absolute().parent))
    with writing_file(path):
        path.write_text(page, encoding="utf-8")


def render(data: dict[str, Any], scripts: Sequence[str] = SCRIPTS) -> str:
    """Return the HTML of a page: the frame, its style, the plotting library, data and scripts.

    Every `<` of the data is escaped, so that no text in a configuration can end the script element
    that contains the data, or begin another one.
    """
    from plotly.offline import get_plotlyjs

    as_json = json.dumps(data, separators=(",", ":"), allow_nan=False)
    parts = {
        "style": read_asset("page.css"),
        "plotly": get_plotlyjs(),
        "data": as_json.replace("<", r"\u003c"),
        "scripts": "\n".join(map(read_asset, scripts)),
    }
    return PLACEHOLDER.sub(lambda match: parts[match[1]], read_asset("page.html"))


def read_asset(name: str) -> str:
    """Read a file of the page."""
    return (files("darnax.reports") / "assets" / name).read_text(encoding="utf-8")


def collect(comparison: Comparison, folder: Path) -> dict[str, Any]:
    """Return the content of a page in `folder` as JSON values."""
    figures = collect_figures(comparison)
    shortened = short_names(comparison.columns, comparison.keys)
    names = sorted({run.experiment for row in comparison.rows for run in row.runs})
    return {
        "title": ", ".join(names),
        "made": f"{datetime.now():%Y-%m-%d %H:%M}",
        "metric": comparison.metric,
        "best": comparison.best,
        "lower": comparison.lower,
        "columns": [{"key": key, "short": shortened[key]} for key in comparison.columns],
        "metrics": figures.metrics,
        "reported": [metric for metric in figures.metrics if not may_choose(metric)],
        "rows": [describe_row(comparison, figures, i, folder) for i in range(len(comparison.rows))],
        "damaged": [
            {"name": run.path.name, "link": make_link(run, folder), "damage": run.damage}
            for run in comparison.damaged
        ],
    }


def describe_row(comparison: Comparison, figures: Figures, i: int, folder: Path) -> dict[str, Any]:
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
                "link": make_link(run, folder),
                "seed": as_json_value(run.config.get("seed")),
                "status": run.status,
                "values": figures.of_runs[run],
            }
            for run in row.runs
        ],
    }


def make_link(run: Run, folder: Path) -> str:
    """Return the URL of the folder of a run, relative to a page in `folder`."""
    return quote(os.fsencode(os.path.relpath(run.path.absolute(), folder))) + "/"


def as_json_value(value: Hashable) -> Any:
    """Return a value of a configuration: finite numbers stay numbers, all else becomes text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text.leaf(value)
    return value if math.isfinite(value) else text.leaf(value)
