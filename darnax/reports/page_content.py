"""The content of the page of a comparison, of bounded size, as JSON values.

A page has at most 10 MB, half of which is the plotting library: it shows as many configurations,
runs, metrics and points as fit, and says what is left out.
"""

import json
import math
import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from darnax.printing import count_of
from darnax.reports import cache, comparison_table, importance, text
from darnax.reports.chosen_metric import may_choose
from darnax.reports.compare import Comparison, Row
from darnax.reports.configuration import WITHOUT_EFFECT, Flat, short_names
from darnax.reports.diff import environment
from darnax.reports.figures import Figures, as_json_numbers, collect_figures
from darnax.reports.runs import Run
from darnax.reports.search_space import find_scales

MOST_ROWS = 2000  # a browser takes seconds for a table of more
MOST_ROW_BYTES = 1_200_000  # of all rows, without their figures
MOST_RUNS = 500  # that are listed of one row
MOST_DAMAGED = 1000
MOST_ENVIRONMENTS = 20  # that are read of one row
LONGEST_NAME = 60  # characters of a commit or a device
NAMED = 3  # metrics that are named among those that are left out


def collect(comparison: Comparison, folder: Path) -> dict[str, Any]:
    """Return the content of a page in `folder` as JSON values."""
    described = describe_rows(comparison, folder)
    rows = comparison.rows[: len(described)]
    figures = collect_figures(comparison, rows)
    for i, row in enumerate(rows):
        described[i]["figures"] = figures.of_rows[i]
        described[i]["curves"] = figures.curves[i]
        for run, of_run in zip(row.runs, described[i]["runs"], strict=False):
            of_run["values"] = figures.of_runs[run]
    shortened = short_names(comparison.columns, comparison.keys)
    scales = find_scales(run for row in rows for run in row.runs)
    names = sorted({run.experiment for row in comparison.rows for run in row.runs})
    damaged = comparison.damaged[:MOST_DAMAGED]
    return {
        "title": name_all(names),
        "made": f"{datetime.now():%Y-%m-%d %H:%M}",
        "metric": comparison.metric,
        "best": comparison.best,
        "lower": comparison.lower,
        "columns": [
            {"key": key, "short": shortened[key], "log": scales.get(key)}
            for key in comparison.columns
        ],
        "metrics": figures.metrics,
        "reported": [metric for metric in figures.metrics if not may_choose(metric)],
        "configurations": len(comparison.rows),
        "unshown": comparison_table.explain_unshown(comparison),
        "left_out": describe_left_out(comparison, rows, figures),
        "importance": importance.collect(comparison, rows, figures.metrics),
        "rows": described,
        "damaged": [
            {"name": run.path.name, "link": make_link(run, folder), "damage": run.damage}
            for run in damaged
        ],
    }


def describe_rows(comparison: Comparison, folder: Path) -> list[dict[str, Any]]:
    """Return the first rows, as many as fit but at least one, without figures and curves."""
    described: list[dict[str, Any]] = []
    length = 0
    for row in comparison.rows[:MOST_ROWS]:
        of_row = describe_row(row, folder)
        length += len(json.dumps(of_row))
        if described and length > MOST_ROW_BYTES:
            break
        described.append(of_row)
    return described


def describe_row(row: Row, folder: Path) -> dict[str, Any]:
    """Return a row with its runs, without its figures."""
    made_by = [environment(run) for run in row.runs[:MOST_ENVIRONMENTS]]
    return {
        "values": [as_json_value(value) for value in row.values],
        "colour": choose_colour(row.runs[0].config),
        "seconds": as_json_numbers([average_seconds(row)])[0],
        "commit": name_all(describe_commit(known) for known in made_by),
        "device": name_all(text.leaf(known.get("device.kind", "")) for known in made_by),
        "unfinished": text.count("", row.unfinished),
        "count": len(row.runs),
        "runs": [
            {
                "name": run.path.name,
                "link": make_link(run, folder),
                "seed": as_json_value(run.config.get("seed")),
                "status": run.status,
            }
            for run in row.runs[:MOST_RUNS]
        ],
    }


def choose_colour(config: Flat) -> int:
    """Return a number that depends on the configuration alone, the seed left out."""
    settings = []
    for key, value in sorted(config.items()):
        if key != "seed" and not key.startswith(WITHOUT_EFFECT):
            settings.append(f"{key}={text.leaf(value)}")
    return int(cache.digest("\n".join(settings).encode(errors="surrogatepass"))[:6], 16)


def average_seconds(row: Row) -> float:
    """Return the mean duration of the runs that have one; nan where there is none."""
    known = [run.seconds for run in row.runs if not math.isnan(run.seconds)]
    return sum(known) / len(known) if known else math.nan


def describe_commit(known: Mapping[str, Hashable]) -> str:
    """Return the commit of a run, with a `+` after it if there were changes."""
    commit = known.get("git.commit")
    return f"{commit:.9}{'+' if known.get('git.dirty') is True else ''}" if commit else ""


def name_all(texts: Iterable[str]) -> str:
    """Return the different texts, at most three of them."""
    different = [word[:LONGEST_NAME] for word in dict.fromkeys(texts) if word]
    more = [f"and {len(different) - 3} more"] if len(different) > 3 else []
    return ", ".join(different[:3] + more)


def describe_left_out(comparison: Comparison, rows: Sequence[Row], figures: Figures) -> list[str]:
    """Return one sentence for everything that is not on the page."""
    sentences = []
    total = len(comparison.rows)
    if len(rows) < total:
        which = "the best ones" if comparison.is_ranked else "the first ones"
        what = f"{len(rows)} of {count_of(total, 'configuration')} are shown, {which} by "
        what += f"{comparison.metric}; p is corrected for the tests of these alone, and for other "
        what += "metrics the best row is one of these"
        sentences.append(what)
    if any(len(row.runs) > MOST_RUNS for row in rows):
        sentences.append(f"at most {MOST_RUNS} runs of a configuration are listed")
    hidden = figures.left_out
    if hidden:
        more = f" and {len(hidden) - NAMED} more" if len(hidden) > NAMED else ""
        names = f"{', '.join(hidden[:NAMED])}{more}"
        what = f"{count_of(len(hidden), 'metric')} left out, which --metric shows"
        sentences.append(f"{what}: {names}")
    if figures.is_thinned:
        what = f"curves have at most {figures.most_points} points, evenly chosen"
        sentences.append(f"{what}; highest and lowest values are those of all rows")
    if len(comparison.damaged) > MOST_DAMAGED:
        what = f"{MOST_DAMAGED} of {len(comparison.damaged)} damaged runs are listed"
        sentences.append(what)
    return sentences


def make_link(run: Run, folder: Path) -> str:
    """Return the URL of the folder of a run, relative to a page in `folder`."""
    return quote(os.fsencode(os.path.relpath(run.path.absolute(), folder))) + "/"


def as_json_value(value: Hashable) -> Any:
    """Return a value of a configuration: finite numbers stay numbers, all else becomes text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text.leaf(value)
    return value if math.isfinite(value) else text.leaf(value)
