"""`darnax.runs`: the runs in a folder."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from darnax.api.arguments import format_argument, require_names, require_path
from darnax.api.run import Run
from darnax.api.table import TextTable
from darnax.errors import RequestError
from darnax.reports import compare, configuration, text
from darnax.reports import runs as reports_runs

SILENT = 600  # seconds without output after which a running run may have died
MOST_DIFFERENCES = 6  # shown of a run; `darnax.diff` and `darnax.compare` show all


class RunList(list[Run]):
    """Runs, newest first; prints as a table.

    Args:
        runs: the runs.
        table: that of the runs as they were found, also of damaged ones; see `tabulate`.
    """

    def __init__(self, runs: Iterable[Run], table: TextTable) -> None:
        super().__init__(runs)
        self.table = table

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def runs(
    folder: str | Path = "outputs", *, metric: str | None = None, trust: Iterable[str] = ()
) -> RunList:
    """Return all runs in a folder, newest first; damaged ones are only listed in its table.

    Args:
        folder: the folder of runs, at any depth.
        metric: the one that the table shows, as metrics.jsonl names it; by default `eval/accuracy`,
            or the score on the validation split that the runs have instead.
        trust: packages whose code their configurations may name.

    Raises:
        RequestError: there is no run.

    Example:
        >>> import darnax
        >>> run = darnax.train("+experiment=associations", "tracking=local", "runner.epochs=1")
        >>> newest = darnax.runs("outputs/associations")[0]
        >>> newest.folder == run.folder
        True
        >>> darnax.runs("outputs/associations", metric="train/accuracy").table.columns[4]
        'train/accuracy'
    """
    trusted = require_names(trust, "trust")
    place = require_path(folder, "folder")
    found, table = tabulate(place, metric)
    return RunList((Run(run.path, trusted) for run in found if not run.damage), table)


def tabulate(folder: Path, metric: str | None) -> tuple[list[reports_runs.Run], TextTable]:
    """Return all runs in a folder, as they are read, and a table of them.

    Its columns: when it began, id, name, status, the metric, duration, what differs, folder.

    Raises:
        RequestError: there is no run.
    """
    if metric is not None and not isinstance(metric, str):
        what = "expected the name of a metric"
        raise RequestError(f"metric: got {format_argument(metric)}, {what}")
    found = reports_runs.find([folder])
    metric = metric or compare.default_metric(found)
    head = ("when", "id", "name", "status", metric, "duration", "what differs", "folder")
    differences = describe_differences(found)
    rows = []
    for run in found:
        row = (
            f"{run.when:%Y-%m-%d %H:%M}",
            run.path.name.rpartition("-")[2],
            run.experiment,
            describe_status(run),
            text.metric(metric, run.value(metric)),
            text.duration(run.seconds),
            run.damage or differences[run],
            os.path.relpath(run.path, folder),
        )
        rows.append(row)
    return found, TextTable(head, rows)


def describe_differences(found: Sequence[reports_runs.Run]) -> dict[reports_runs.Run, str]:
    """Describe for every run how it differs from the others of its experiment."""
    asked = set().union(*(run.overridden_keys for run in found))
    groups: defaultdict[str, list[reports_runs.Run]] = defaultdict(list)
    for run in found:
        groups[run.experiment].append(run)
    described = {}
    for group in groups.values():
        configs = [run.config for run in group if run.config]
        keys = configuration.differing_keys(configs, asked)
        short = configuration.short_names(keys, set().union(*(run.config for run in group)))
        for run in group:
            described[run] = describe_values(run, keys, short)
    return described


def describe_values(run: reports_runs.Run, keys: Sequence[str], short: Mapping[str, str]) -> str:
    """Return the first values of a run by their short names, and the number of the others."""
    own = [key for key in keys if key in run.config]
    first = own[:MOST_DIFFERENCES]
    pairs = text.pairs([short[key] for key in first], [run.config[key] for key in first])
    more = len(own) - len(first)
    return f"{pairs} and {more} more" if more else pairs


def describe_status(run: reports_runs.Run) -> str:
    """Return the status of a run; with the time since its last output if that is long."""
    if run.status == "running" and run.silence > SILENT:
        return f"running, silent for {text.duration(run.silence)}"
    return run.status
