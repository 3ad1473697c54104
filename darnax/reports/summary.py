"""summary.json, what a run has come to, checked once for everybody who reads it: what darnax would not write is damaged."""

import json
from pathlib import Path
from typing import Any

from darnax.files import read_text

STATUSES = ("running", "finished", "pruned", "interrupted", "failed")
TABLES = ("metrics", "best")  # name -> number
NUMBERS = ("epochs", "steps", "wall_seconds", "images_per_second")
WORDS = ("reason", "warning")


def read_summary(path: Path) -> dict[str, Any]:
    """Return the content of a summary.json.

    Raises:
        OSError: there is no such file, or it is not a regular one, or too large.
        ValueError: it is damaged.
        RecursionError: it is nested too deep.
    """
    summary = json.loads(read_text(path))
    if not isinstance(summary, dict):
        raise ValueError("has no status")
    status = summary.get("status")
    if not isinstance(status, str):
        raise ValueError("has no status")
    if status not in STATUSES:
        raise ValueError(f"got the status {status!r:.40}, expected one of {', '.join(STATUSES)}")
    if not isinstance(summary.setdefault("metrics", {}), dict):
        raise ValueError("has no metrics")
    for name in TABLES:
        require_numbers(name, summary.get(name, {}))
    require_numbers("summary", {name: summary.get(name) for name in NUMBERS})
    if odd := [name for name in WORDS if not isinstance(summary.get(name, ""), str)]:
        raise ValueError(f"got {summary[odd[0]]!r:.40} as {odd[0]}, expected a text")
    return summary


def require_numbers(what: str, table: Any) -> None:
    """Raise ValueError unless all values are numbers, or null, as which darnax writes one that is not finite."""
    if not isinstance(table, dict):
        raise ValueError(f"got {table!r:.40} as {what}, expected names with numbers")
    for name, value in table.items():
        if value is not None and type(value) not in (int, float):  # True is no number
            raise ValueError(f"got {value!r:.40} as {name!r:.60} of {what}, expected a number")
