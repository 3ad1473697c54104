"""What differs between two runs: configuration, circumstances, results."""

import json
import math
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import NamedTuple

from darnax.errors import Problem, RequestError
from darnax.files import read_bytes
from darnax.reports.configuration import ABSENT, leaves
from darnax.reports.runs import Run, find
from darnax.scores import is_score


class Difference(NamedTuple):
    """A key with the value in the one run and in the other."""

    key: str
    a: Hashable
    b: Hashable


def read_one(place: Path) -> Run:
    """Return the run at a folder; a RequestError where there are several."""
    runs = find([place])
    if len(runs) > 1:
        raise RequestError(
            Problem(
                str(place),
                f"holds {len(runs)} runs; give one, or put them all side by side with `compare`",
            )
        )
    return runs[0]


def differences(a: Mapping[str, Hashable], b: Mapping[str, Hashable]) -> list[Difference]:
    """Return every key whose value is not the same in both.

    Example:
        >>> differences({"seed": 0, "depth": 2}, {"seed": 1, "depth": 2})
        [Difference(key='seed', a=0, b=1)]
    """
    every = [
        Difference(key, a.get(key, ABSENT), b.get(key, ABSENT)) for key in dict.fromkeys([*a, *b])
    ]
    return [difference for difference in every if difference.a != difference.b]


def environment(run: Run) -> dict[str, Hashable]:
    """Read versions, commit, device and command; nothing where the file is damaged."""
    try:
        return dict(leaves(json.loads(read_bytes(run.path / "environment.json"))))
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def results(a: Run, b: Run) -> list[tuple[str, float, float]]:
    """Return the metrics that differ; nan stands for one that a run does not have."""
    names = dict.fromkeys(
        sorted([*a.summary.get("metrics", {}), *b.summary.get("metrics", {})], key=importance)
    )
    every = [(name, a.value(name), b.value(name)) for name in names]
    return [
        (name, x, y) for name, x, y in every if x != y and not (math.isnan(x) and math.isnan(y))
    ]


def importance(name: str) -> tuple[bool, str]:
    """Sort scores before everything else."""
    return not is_score(name), name
