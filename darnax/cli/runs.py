"""`darnax runs`: every run there is, newest first."""

import os
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Debug, Metric

if TYPE_CHECKING:
    from darnax.reports.runs import Run

SILENT = 600  # seconds after which a run under way may well be dead
MANY = 6  # differences; `diff` and `compare` show all
WIDE = 180  # columns of a terminal that leave room for whole paths
WITHOUT_TERMINAL = (1000, 0)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to look, at any depth.")]


def runs(folder: Folder = Path("outputs"), metric: Metric = None, debug: Debug = False) -> None:
    """List all runs, newest first, and what tells those of one experiment apart.

        darnax runs

        darnax runs outputs/mnist_chain --metric train/accuracy

    The id of a run is enough for `compare` and `diff`. A run that was killed is interrupted, as no process holds its lock.
    Where that cannot be asked, as on another machine, a run that has written nothing for a while is shown with how long.
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
            status(run),
            text.metric(metric, run.value(metric)),
            text.duration(run.seconds),
            run.damage or differences[run],
            os.path.relpath(run.path, folder),
        )
        for run in found
    ]
    shown = (
        len(columns) if get_terminal_size(WITHOUT_TERMINAL).columns >= WIDE else len(columns) - 1
    )
    tables.show(columns[:shown], [row[:shown] for row in rows])


def describe_differences(found: "list[Run]") -> "dict[Run, str]":
    """Say for every run what tells it from the others of its experiment."""
    from darnax.reports import text
    from darnax.reports.configuration import differing_keys, short_names

    asked = set().union(*(run.overridden_keys for run in found))
    said = {}
    for name in {run.experiment for run in found}:
        group = [run for run in found if run.experiment == name]
        keys = differing_keys([run.config for run in group if run.config], asked)
        short = short_names(keys, {key for run in group for key in run.config})
        for run in group:
            there = [key for key in keys if key in run.config]
            more = f" and {len(there) - MANY} more" if len(there) > MANY else ""
            said[run] = (
                text.pairs(
                    [short[key] for key in there[:MANY]], [run.config[key] for key in there[:MANY]]
                )
                + more
            )
    return said


def status(run: "Run") -> str:
    """Say how a run stands."""
    from darnax.reports import text

    if run.status == "running" and run.silence > SILENT:
        return f"running, silent for {text.duration(run.silence)}"
    return run.status
