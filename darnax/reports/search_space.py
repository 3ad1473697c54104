"""Which settings a search drew on a logarithmic scale, from the journals of Optuna beside runs."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from darnax.files import read_bytes
from darnax.reports.runs import Run

JOURNAL = "study.journal"
MOST_BYTES = 1 << 24
MOST_FOLDERS = 100
PARAMETER = re.compile(r'"param_name"')


def find_scales(runs: Iterable[Run]) -> dict[str, bool]:
    """Return key -> whether its values were drawn on a logarithmic scale, of drawn numbers."""
    scales: dict[str, bool] = {}
    folders = dict.fromkeys(run.path.parent for run in runs)
    for folder in list(folders)[:MOST_FOLDERS]:
        scales |= read_scales(folder / JOURNAL)
    return scales


def read_scales(journal: Path) -> dict[str, bool]:
    """Read one journal; it is empty where there is none, and damaged lines are ignored."""
    try:
        lines = read_bytes(journal, MOST_BYTES).decode(errors="replace").splitlines()
    except (OSError, ValueError):
        return {}
    scales = {}
    for line in filter(PARAMETER.search, lines):
        try:
            entry = json.loads(line)
            scale = json.loads(entry["distribution"])["attributes"]["log"]
            scales[str(entry["param_name"])] = scale is True
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return scales
