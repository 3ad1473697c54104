"""A comparison as one HTML file that needs no network: curves, a map over swept axes, a table."""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from darnax.atomic import write_atomically
from darnax.errors import writing_file
from darnax.reports import run_page
from darnax.reports.compare import Comparison
from darnax.reports.page_content import collect
from darnax.reports.run_page import Background
from darnax.reports.runs import Run

FRAME = ("frame.js", "plots.js")  # scripts of every page
SCRIPTS = (
    "values.js",
    "table.js",
    "curves.js",
    "map.js",
    "parallel.js",
    "importance.js",
    "page.js",
)
RUN = ("run.js",)
EMPTY = "<main></main>"  # of a page whose scripts make all elements
PLACEHOLDER = re.compile(r"/\*(style|plotly|body|data|scripts)\*/")


def write(comparison: Comparison, path: Path, follow: float = 0) -> list[str]:
    """Write the page; links to runs are relative to it, so that it can move together with them.

    With `follow`, the page reloads itself after so many seconds, for as long as it is open.

    Returns:
        What is left out of the page, one sentence each, as it is written on the page.
    """
    content = collect(comparison, path.absolute().parent)
    return write_content(content, path, SCRIPTS, read_asset("compare.html"), follow)


def write_run(run: Run, background: Background, path: Path, follow: float = 0) -> list[str]:
    """Write the page of one run, as `write` does."""
    content = run_page.collect(run, path.absolute().parent, background)
    return write_content(content, path, RUN, EMPTY, follow)


def write_content(
    content: dict[str, Any], path: Path, scripts: Sequence[str], body: str, follow: float
) -> list[str]:
    """Write a page; return what is left out of it."""
    page = render({**content, "follow": follow}, scripts, body)
    with writing_file(path):
        if path.is_symlink() or (path.exists() and not path.is_file()):  # a link, /dev/stdout
            path.write_text(page, encoding="utf-8")
        else:  # a browser may read it at any moment
            write_atomically(path, page)
    left_out: list[str] = content["left_out"]
    return left_out


def render(data: dict[str, Any], scripts: Sequence[str], body: str = EMPTY) -> str:
    """Return the HTML of a page: the frame, its style, the plotting library, data and scripts.

    Every `<` of the data is escaped, so that no text in a configuration can end the script element
    that contains the data, or begin another one.
    """
    from plotly.offline import get_plotlyjs

    as_json = json.dumps(data, separators=(",", ":"), allow_nan=False)
    parts = {
        "style": read_asset("page.css"),
        "plotly": get_plotlyjs(),
        "body": body,
        "data": as_json.replace("<", r"\u003c"),
        "scripts": "\n".join(map(read_asset, (*FRAME, *scripts))),
    }
    return PLACEHOLDER.sub(lambda match: parts[match[1]], read_asset("page.html"))


def read_asset(name: str) -> str:
    """Read a file of the page."""
    return (files("darnax.reports") / "assets" / name).read_text(encoding="utf-8")
