"""Finds the runs with exactly the configuration of a row, and extracts their results."""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from darnax.bounded_yaml import dump_plain
from darnax.composing import saved_configuration
from darnax.composing.composer import Composer
from darnax.composing.composition import Composed
from darnax.reports import configuration
from darnax.reports.configuration import WITHOUT_EFFECT
from darnax.reports.runs import Run, folders, read
from reproduction.rows.row import ACCURACY, Row

SEEDS = (0, 1, 2)
# Without a validation split, version 0.1.0 evaluated on the test images under this name.
EVALUATED = "eval/accuracy"
# Phases that were renamed after the runs; the result does not depend on their names.
FORMER_PHASES = {"error": "ask", "plasticity": "held"}
# Where the files of a dataset are; they may have been moved since.
PLACES = ("data.path", "data.source.path")
Identity = frozenset[tuple[str, Any]]


class Receipt(NamedTuple):
    """The result of a run, and what is needed to reproduce it.

    Args:
        metrics: name -> value.
        seconds: of training.
        device: on which it was computed.
        commit: of the code; + if files had changed since.
        settings: a digest of the configuration.
        cut: 0, or for a run that was interrupted the epoch of its last evaluation on the test
            images, from which its metrics are.
    """

    metrics: Mapping[str, float]
    seconds: float
    device: str
    commit: str
    settings: str
    cut: int = 0


def identity(flat: Mapping[str, Any]) -> Identity:
    """Return the part of a configuration that determines the result: no paths, no dashboards."""
    relevant = set()
    for key, value in flat.items():
        if not key.startswith(WITHOUT_EFFECT) and key not in PLACES:
            relevant.add((former_key(key), value))
    return frozenset(relevant)


def former_key(key: str) -> str:
    """Return a key with the name that a phase had when the receipts were written.

    Example:
        >>> former_key("dynamics.train.error.steps")
        'dynamics.train.ask.steps'
    """
    for phase, former in FORMER_PHASES.items():
        beginning = f"dynamics.train.{phase}."
        if key.startswith(beginning):
            return f"dynamics.train.{former}.{key.removeprefix(beginning)}"
    return key


composer = cache(Composer)  # one for all rows: it takes time to start


@cache
def compose_row(overrides: str) -> Composed:
    """Compose the configuration of a row, once for all its seeds."""
    return composer().run_composed(overrides.split())


@cache
def identity_of_row(overrides: str, seed: int) -> Identity:
    """Return the identity of the run that these overrides would make."""
    config = saved_configuration.apply_overrides(
        compose_row(overrides), [f"seed={seed}"], composer().is_group
    ).resolved
    return identity(configuration.parse(dump_plain(config)))


def digest(configured: Identity) -> str:
    """Return a short checksum of a configuration."""
    return hashlib.sha256(repr(sorted(configured, key=repr)).encode()).hexdigest()[:8]


def read_runs(outputs: Path) -> dict[Identity, Run]:
    """Return configuration -> its newest finished run, or else the longest interrupted one."""
    runs = [run for run in map(read, folders(outputs)) if is_finished(run) or cut_off_epoch(run)]
    # The last one of a configuration stays in the dictionary.
    runs.sort(key=lambda run: (is_finished(run), cut_off_epoch(run), run.when))
    return {identity(run.config): run for run in runs}


def is_finished(run: Run) -> bool:
    """Return whether a run was trained to its end."""
    return bool(run.status == "finished")


def cut_off_epoch(run: Run) -> int:
    """Return the epoch of the last evaluation on the test images of an interrupted run, or 0."""
    was_tested = EVALUATED in run.summary["metrics"] and run.config.get("data.validation") == 0
    if run.status != "interrupted" or not was_tested:
        return 0
    every = run.config["runner.evaluate_every"]
    return int(run.summary.get("epochs", 0) // every * every)


def require_runs(found: Mapping[Identity, Run], outputs: Path, overrides: str) -> list[Run]:
    """Return the finished run of every seed, or end the program with a command for one."""
    return [require_run(found, outputs, overrides, seed) for seed in SEEDS]


def require_run(found: Mapping[Identity, Run], outputs: Path, overrides: str, seed: int) -> Run:
    """Return the finished run of a configuration, or end the program with the command for it."""
    run = found.get(identity_of_row(overrides, seed))
    if run is None or cut_off_epoch(run):
        what = f"{outputs}: there is no finished run of this network yet"
        sys.exit(f"{what}; train it with: darnax train {overrides} seed={seed}")
    return run


def make_receipts(
    runs: Mapping[Identity, Run], row: Row, seeds: Iterable[int]
) -> dict[int, Receipt]:
    """Return seed -> receipt, for the seeds of a row for which there is a run."""
    found = {seed: runs.get(identity_of_row(row.overrides, seed)) for seed in seeds}
    return {seed: make_receipt(run, row.metrics) for seed, run in found.items() if run is not None}


def make_receipt(run: Run, metrics: Iterable[str]) -> Receipt:
    """Return the receipt of a run, with these metrics."""
    environment = read_environment(run.path)
    cut = cut_off_epoch(run)
    values = {}
    for metric in metrics:
        # An interrupted run has no test accuracy; its last evaluation was on the test images.
        name = EVALUATED if metric == ACCURACY and cut else metric
        values[metric] = run.value(name)
    settings = digest(identity(run.config))
    device, commit = format_device(environment), format_commit(environment)
    return Receipt(values, run.seconds, device, commit, settings, cut)


def read_environment(folder: Path) -> dict[str, Any]:
    """Read environment.json; {} if it is missing or damaged."""
    try:
        return dict(json.loads((folder / "environment.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def format_commit(environment: Mapping[str, Any]) -> str:
    """Return the first seven digits of the commit, with a + if files had changed since."""
    git = environment.get("git") or {}
    commit = git.get("commit", "unknown")[:7]
    return f"{commit}+" if git.get("dirty") else commit


def format_device(environment: Mapping[str, Any]) -> str:
    """Return the kind of device."""
    kind = (environment.get("device") or {}).get("kind", "unknown")
    return "CPU" if kind == "cpu" else kind
