"""A comparison as one HTML file that needs no network: curves, a map over swept axes, a table."""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from darnax.errors import writing_file
from darnax.reports.compare import Comparison
from darnax.reports.page_content import collect

SCRIPTS = ("plots.js", "values.js", "table.js", "curves.js", "map.js", "page.js")
PLACEHOLDER = re.compile(r"/\*(style|plotly|data|scripts)\*/")


def write(comparison: Comparison, path: Path) -> list[str]:
    """Write the page; links to runs are relative to it, so that it can move together with them.

    Returns:
        What is left out of the page, one sentence each, as it is written on the page.
    """
    content = collect(comparison, path.absolute().parent)
    page = render(content)
    with writing_file(path):
        path.write_text(page, encoding="utf-8")
    left_out: list[str] = content["left_out"]
    return left_out


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
