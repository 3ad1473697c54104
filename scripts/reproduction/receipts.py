"""From a configuration to the runs that had exactly it, and from these to numbers with their receipts."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from darnax.composing import saved_configuration
from darnax.composing.composer import Composer
from darnax.composing.composition import Composed
from darnax.reports import configuration
from darnax.reports.configuration import WITHOUT_EFFECT
from darnax.reports.runs import Run, folders, read
from reproduction.rows import ACCURACY, Row

EVALUATED = (
    "eval/accuracy"  # on the test images, by version 0.1.0 where no validation split was kept
)
Identity = frozenset[tuple[str, Any]]


class Receipt(NamedTuple):
    """What is kept of a run: its numbers, what they cost and where, and of which state of code and configuration they are.

    A run that was cut off counts as far as it came: `cut` is the epoch of its last evaluation on the test images, else 0.
    """

    metrics: Mapping[str, float]
    seconds: float
    device: str
    commit: str
    settings: str
    cut: int = 0


def identity(flat: Mapping[str, Any]) -> Identity:
    """Return what decides on the outcome of a run: its configuration, without paths and dashboards."""
    return frozenset(
        (key, value) for key, value in flat.items() if not key.startswith(WITHOUT_EFFECT)
    )


composer = cache(Composer)  # one for all rows


@cache
def composed(overrides: str) -> Composed:
    """Compose a row, once for all its seeds."""
    return composer().run_composed(overrides.split())


@cache
def wanted(overrides: str, seed: int) -> Identity:
    """Return the identity of the run that these overrides would make."""
    config = saved_configuration.apply_overrides(
        composed(overrides), [f"seed={seed}"], composer().is_group
    ).resolved
    return identity(configuration.parse(yaml.safe_dump(config)))


def digest(configured: Identity) -> str:
    """Return a short name for a configuration."""
    return hashlib.sha256(repr(sorted(configured, key=repr)).encode()).hexdigest()[:8]


def ended(outputs: Path) -> dict[Identity, Run]:
    """Return, for every configuration, the newest finished run, or else the one that came furthest before it was cut off."""
    runs = [run for run in map(read, folders(outputs)) if run.status == "finished" or cut(run)]
    runs.sort(key=lambda run: (run.status == "finished", cut(run), run.when))
    return {identity(run.config): run for run in runs}


def cut(run: Run) -> int:
    """Return the epoch of the last evaluation on the test images of a run that was cut off, else 0."""
    if (
        run.status != "interrupted"
        or EVALUATED not in run.summary["metrics"]
        or run.config.get("data.validation") != 0
    ):
        return 0
    every = run.config["runner.evaluate_every"]
    return int(run.summary.get("epochs", 0) // every * every)


def receipts(there: Mapping[Identity, Run], row: Row, seeds: Iterable[int]) -> dict[int, Receipt]:
    """Return the receipt of every seed of a row of which there is a run."""
    found = {seed: there.get(wanted(row.overrides, seed)) for seed in seeds}
    return {seed: receipt(run, row.metrics) for seed, run in found.items() if run is not None}


def receipt(run: Run, metrics: Iterable[str]) -> Receipt:
    """Return what is kept of a run."""
    around = environment(run.path)
    names = {metric: EVALUATED if metric == ACCURACY and cut(run) else metric for metric in metrics}
    values = {metric: run.value(name) for metric, name in names.items()}
    return Receipt(
        values, run.seconds, device(around), commit(around), digest(identity(run.config)), cut(run)
    )


def environment(folder: Path) -> dict[str, Any]:
    """Read environment.json; nothing where it is damaged."""
    try:
        return dict(json.loads((folder / "environment.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def commit(circumstances: Mapping[str, Any]) -> str:
    """Return the commit in seven digits, and a + where the code had changed since."""
    git = circumstances.get("git") or {}
    return f"{git.get('commit', 'unknown')[:7]}{'+' if git.get('dirty') else ''}"


def device(circumstances: Mapping[str, Any]) -> str:
    """Return on what the numbers were computed."""
    there = circumstances.get("device") or {}
    return {"cpu": "CPU"}.get(there.get("kind", "unknown"), there.get("kind", "unknown"))
