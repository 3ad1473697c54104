"""The differences between two runs: configuration, environment, results."""

import json
import math
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import NamedTuple

from darnax.errors import Problem, RequestError
from darnax.files import read_bytes
from darnax.printing import count_of
from darnax.reports.configuration import ABSENT, flatten
from darnax.reports.runs import Run, find
from darnax.scores import is_score


class Difference(NamedTuple):
    """A key with its values in the two runs."""

    key: str
    a: Hashable
    b: Hashable


def read_one(folder: Path) -> Run:
    """Return the one run in a folder.

    Raises:
        RequestError: there is none, or more than one.
    """
    runs = find([folder])
    if len(runs) > 1:
        many = count_of(len(runs), "run")
        what = f"holds {many}; give one, or put them all side by side with `compare`"
        raise RequestError(Problem(str(folder), what))
    return runs[0]


def differences(a: Mapping[str, Hashable], b: Mapping[str, Hashable]) -> list[Difference]:
    """Return every key whose value is not the same in both.

    Example:
        >>> differences({"seed": 0, "depth": 2}, {"seed": 1, "depth": 2})
        [Difference(key='seed', a=0, b=1)]
    """
    keys = dict.fromkeys([*a, *b])
    pairs = [Difference(key, a.get(key, ABSENT), b.get(key, ABSENT)) for key in keys]
    return [pair for pair in pairs if pair.a != pair.b]


def environment(run: Run) -> Mapping[str, Hashable]:
    """Read versions, commit, device and command; an empty mapping where the file is damaged."""
    try:
        content = json.loads(read_bytes(run.path / "environment.json"))
        return flatten(content) if isinstance(content, dict) else {}
    except (OSError, ValueError, RecursionError):
        return {}


def results(a: Run, b: Run) -> list[tuple[str, float, float]]:
    """Return the metrics that differ, accuracies first; nan for one that a run does not have."""
    names = {*a.summary.get("metrics", {}), *b.summary.get("metrics", {})}
    different = []
    for name in sorted(names, key=metric_sort_key):
        x, y = a.value(name), b.value(name)
        both_absent = math.isnan(x) and math.isnan(y)
        if x != y and not both_absent:
            different.append((name, x, y))
    return different


def metric_sort_key(name: str) -> tuple[bool, str]:
    """Return a key that sorts scores first, and all else by name."""
    return not is_score(name), name
