"""Read summary.json, the result of a run; content that darnax would not write is an error."""

import json
from pathlib import Path
from typing import Any

from darnax.files import read_text

STATUSES = ("running", "finished", "pruned", "interrupted", "failed")
TABLES = ("metrics", "best")  # name -> number
NUMBERS = ("epochs", "steps", "wall_seconds", "images_per_second")
TEXTS = ("reason", "warning")


def read_summary(path: Path | str) -> dict[str, Any]:
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
    for name in TEXTS:
        value = summary.get(name, "")
        if not isinstance(value, str):
            raise ValueError(f"got {value!r:.40} as {name}, expected a text")
    return summary


def require_numbers(what: str, table: Any) -> None:
    """Raise ValueError unless all values are numbers, or null (for a number that is not finite)."""
    if not isinstance(table, dict):
        raise ValueError(f"got {table!r:.40} as {what}, expected names with numbers")
    for name, value in table.items():
        if value is not None and type(value) not in (int, float):  # isinstance would accept True
            raise ValueError(f"got {value!r:.40} as {name!r:.60} of {what}, expected a number")
