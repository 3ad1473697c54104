"""A comparison as one HTML file: curves, a map over swept axes, a table; it opens from disk and asks no network."""

import json
import math
import os
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from darnax.errors import Problem, RequestError
from darnax.reports import curves, text
from darnax.reports.compare import Comparison, Row
from darnax.reports.configuration import short_names
from darnax.reports.curves import Curve
from darnax.reports.runs import Run

BUDGET = 1_500_000  # numbers in all curves; the less telling metrics are left out of a page that would be larger
SCRIPTS = ("table.js", "curves.js", "map.js", "page.js")


def write(comparison: Comparison, path: Path) -> None:
    """Write the page; links to runs are relative to it, so that it can move together with them."""
    page = html(content(comparison, path.absolute().parent))
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise RequestError(Problem(str(path), f"cannot be written ({error.strerror}); choose another place")) from error


def html(data: dict[str, Any], scripts: Sequence[str] = SCRIPTS) -> str:
    """Put the parts of a page together: the frame, its style, the plotting library, the data, and the scripts."""
    from plotly.offline import get_plotlyjs

    assets = files("darnax.reports") / "assets"
    parts = {
        "/*style*/": asset(assets, "page.css"),
        "/*plotly*/": get_plotlyjs(),
        "/*data*/": json.dumps(data, separators=(",", ":"), allow_nan=False).replace("</", "<\\/"),
        "/*scripts*/": "\n".join(asset(assets, name) for name in scripts),
    }
    page = asset(assets, "page.html")
    for place, part in parts.items():
        page = page.replace(place, part, 1)
    return page


def asset(assets: Any, name: str) -> str:
    """Read a file of the package."""
    return str((assets / name).read_text(encoding="utf-8"))


def content(comparison: Comparison, place: Path) -> dict[str, Any]:
    """Return all that the page shows, as JSON has it."""
    drawn = [curves.of_runs(row.counted or row.runs) for row in comparison.rows]
    metrics = chosen(drawn, comparison.metric)
    short = short_names(comparison.columns, comparison.keys)
    names = sorted({run.experiment for row in comparison.rows for run in row.runs})
    return {
        "title": ", ".join(names),
        "made": f"{datetime.now():%Y-%m-%d %H:%M}",
        "metric": comparison.metric,
        "lower": comparison.lower,
        "columns": [{"key": key, "short": short[key]} for key in comparison.columns],
        "metrics": metrics,
        "rows": [described(row, comparison.metric, c, metrics, place) for row, c in zip(comparison.rows, drawn, strict=True)],
        "damaged": [{"name": run.path.name, "link": link(run, place), "damage": run.damage} for run in comparison.damaged],
    }


def described(row: Row, metric: str, drawn: dict[str, Curve], metrics: Sequence[str], place: Path) -> dict[str, Any]:
    """Return a row with its runs and its curves."""
    return {
        "values": [plain(value) for value in row.values],
        "mean": finite(row.mean),
        "sd": finite(row.sd),
        "p": finite(row.p),
        "best": row.best,
        "n": text.count(row.n, row.unfinished),
        "runs": [
            {
                "name": run.path.name,
                "link": link(run, place),
                "seed": plain(run.config.get("seed")),
                "status": run.status,
                "value": finite(run.value(metric)),
            }
            for run in row.runs
        ],
        "curves": {name: [numbers(part) for part in drawn[name]] for name in metrics if name in drawn},
    }


def chosen(drawn: Sequence[dict[str, Curve]], metric: str) -> list[str]:
    """Return the metrics to draw, the compared one first, as many as the budget allows."""
    size = Counter[str]()
    for curves_of_row in drawn:
        for name, curve in curves_of_row.items():
            size[name] += 3 * len(curve.epochs)
    names: list[str] = []
    spent = 0
    for name in sorted(size, key=lambda name: (name != metric, not name.endswith("accuracy"), name)):
        spent += size[name]
        if names and spent > BUDGET:
            break
        names.append(name)
    return names


def link(run: Run, place: Path) -> str:
    """Return the way from the page to the folder of a run."""
    return quote(Path(os.path.relpath(run.path.absolute(), place)).as_posix()) + "/"


def plain(value: Hashable) -> Any:
    """Return a value of a configuration: numbers stay numbers, all else is text."""
    return (
        value
        if isinstance(value, int | float) and not isinstance(value, bool) and finite(value) is not None
        else text.leaf(value)
    )


def finite(value: float) -> float | None:
    """Return a number that JSON can hold, rounded to what can be seen."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def numbers(values: Iterable[float]) -> list[float | None]:
    """Return an array for JSON."""
    return [finite(float(value)) for value in values]
