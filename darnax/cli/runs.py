"""`darnax runs`: all runs, newest first."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Debug, Metric

if TYPE_CHECKING:
    from darnax.reports.runs import Run

SILENT = 600  # seconds without output after which a running run may have died
MANY = 6  # differences; `diff` and `compare` show all
WIDE = 180  # columns of a terminal on which whole paths fit
WITHOUT_TERMINAL = (1000, 0)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of runs, at any depth.")]


def runs(folder: Folder = Path("outputs"), metric: Metric = None, debug: Debug = False) -> None:
    """List all runs, newest first, with the differences between those of one experiment.

        darnax runs

        darnax runs outputs/mnist_chain --metric train/accuracy

    The id of a run is enough for `compare` and `diff`. A run that was killed is shown as
    interrupted, because no process holds its lock. On another machine the lock cannot be checked:
    there, a run that has written nothing for some time is shown with that time.
    """
    from darnax.reports import text
    from darnax.reports.compare import default_metric
    from darnax.reports.runs import find

    found = find([folder])
    metric = metric or default_metric(found)
    differences = describe_differences(found)
    columns = ("when", "id", "name", "status", metric, "duration", "what differs", "folder")
    rows = [
        (
            f"{run.when:%Y-%m-%d %H:%M}",
            run.path.name.rpartition("-")[2],
            run.experiment,
            describe_status(run),
            text.metric(metric, run.value(metric)),
            text.duration(run.seconds),
            run.damage or differences[run],
            os.path.relpath(run.path, folder),
        )
        for run in found
    ]
    is_wide = get_terminal_size(WITHOUT_TERMINAL).columns >= WIDE
    shown = len(columns) if is_wide else len(columns) - 1
    tables.show(columns[:shown], [row[:shown] for row in rows])


def describe_differences(found: "list[Run]") -> "dict[Run, str]":
    """Describe for every run how it differs from the others of its experiment."""
    from darnax.reports.configuration import differing_keys, short_names

    asked = set().union(*(run.overridden_keys for run in found))
    groups: defaultdict[str, list[Run]] = defaultdict(list)
    for run in found:
        groups[run.experiment].append(run)
    described = {}
    for group in groups.values():
        keys = differing_keys([run.config for run in group if run.config], asked)
        all_keys = set().union(*(run.config for run in group))
        shortened = short_names(keys, all_keys)
        for run in group:
            described[run] = describe_values(run, keys, shortened)
    return described


def describe_values(run: "Run", keys: Sequence[str], shortened: Mapping[str, str]) -> str:
    """Return the first values of a run by their short names, and the number of the others."""
    from darnax.reports import text

    own = [key for key in keys if key in run.config]
    first = own[:MANY]
    pairs = text.pairs([shortened[key] for key in first], [run.config[key] for key in first])
    return f"{pairs} and {len(own) - MANY} more" if len(own) > MANY else pairs


def describe_status(run: "Run") -> str:
    """Return the status of a run; with the time since its last output if that is long."""
    from darnax.reports import text

    if run.status == "running" and run.silence > SILENT:
        return f"running, silent for {text.duration(run.silence)}"
    return run.status
