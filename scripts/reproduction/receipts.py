"""From a configuration to the runs that had exactly it, and from these to a number with its receipt."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import yaml

from darnax.cli.hydra_adapter import compose
from darnax.reports import configuration
from darnax.reports.configuration import WITHOUT_EFFECT
from darnax.reports.runs import Run, folders, read

Identity = frozenset[tuple[str, Any]]


def identity(flat: Mapping[str, Any]) -> Identity:
    """Return what decides on the outcome of a run: its configuration, without paths and dashboards."""
    return frozenset((key, value) for key, value in flat.items() if not key.startswith(WITHOUT_EFFECT))


@cache
def wanted(overrides: str, seed: int) -> Identity:
    """Return the identity of the run that these overrides would make."""
    return identity(configuration.parse(yaml.safe_dump(compose([*overrides.split(), f"seed={seed}"]))))


def finished(outputs: Path) -> dict[Identity, Run]:
    """Return the newest finished run of every configuration."""
    runs = sorted((read(folder) for folder in folders(outputs)), key=lambda run: run.when)
    return {identity(run.config): run for run in runs if run.status == "finished"}


@dataclass(frozen=True)
class Receipt:
    """The runs behind a row."""

    runs: tuple[Run, ...]

    def spread(self, metric: str) -> tuple[float, float]:
        """Return mean and standard deviation over the runs; nan where there are too few."""
        values = [run.value(metric) for run in self.runs]
        return (fmean(values) if values else math.nan), (stdev(values) if len(values) > 1 else math.nan)

    @property
    def seconds(self) -> float:
        """How long one of them took."""
        return fmean(run.seconds for run in self.runs)

    @property
    def commits(self) -> str:
        """Of which state of the code they are."""
        return ", ".join(dict.fromkeys(commit(environment(run.path)) for run in self.runs))


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


def receipt(there: Mapping[Identity, Run], overrides: str, seeds: Iterable[int]) -> tuple[Receipt, list[int]]:
    """Return the runs of a row, and the seeds of which there is none."""
    found = {seed: there.get(wanted(overrides, seed)) for seed in seeds}
    return Receipt(tuple(run for run in found.values() if run)), [seed for seed, run in found.items() if run is None]
