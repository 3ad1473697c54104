"""The runs in a folder as a table; loads neither JAX nor NumPy."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from darnax.api.arguments import format_argument
from darnax.api.table import TextTable
from darnax.errors import RequestError
from darnax.printing import format_duration
from darnax.reports import chosen_metric, configuration, text
from darnax.reports import runs as reports_runs

SILENT = 600  # seconds without output after which a running run may have died
MOST_DIFFERENCES = 6  # shown of a run; `darnax.diff` and `darnax.compare` show all


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
    metric = metric or chosen_metric.default_metric(found)
    head = ("when", "id", "name", "status", metric, "duration", "what differs", "folder")
    differences = describe_differences(found)
    places: dict[str, str] = {}  # of a folder of runs, relative to the given one
    rows = []
    for run in found:
        parent, name = os.path.split(run.path)
        if parent not in places:
            places[parent] = os.path.relpath(parent, folder)
        row = (
            f"{run.when:%Y-%m-%d %H:%M}",
            run.path.name.rpartition("-")[2],
            run.experiment,
            describe_status(run),
            text.metric(metric, run.value(metric)),
            format_duration(run.seconds),
            run.damage or differences[run],
            os.path.normpath(f"{places[parent]}/{name}"),
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
        return f"running, silent for {format_duration(run.silence)}"
    return run.status
