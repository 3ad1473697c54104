"""The numbers on the page of a comparison: of each row in each view, of each run, and curves."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from darnax.reports import curves
from darnax.reports.compare import Comparison, Row, choose_value, may_choose, rank
from darnax.reports.curves import Curve
from darnax.reports.record import Entry
from darnax.reports.runs import Run
from darnax.reports.sample import How, Sample, sample
from darnax.scores import is_score

MOST_NUMBERS = 1_500_000  # on a page; less important metrics are left out of a larger one
VIEWS = {  # name -> whether the best value of a run is used, whether the lowest is the best
    "last highest": (False, False),
    "last lowest": (False, True),
    "best highest": (True, False),
    "best lowest": (True, True),
}
HOWS: tuple[How, ...] = ("last", "highest", "lowest")

Samples = Mapping[tuple[str, How], Sample]  # of one run
Numbers = list[float | None]


@dataclass(frozen=True)
class Figures:
    """All numbers of a page, rows in the order of the comparison.

    `of_rows`: metric -> view -> n, mean, sd, p, and 1 for the best row. A view defines which value
    of each run is used, its last or its best, and whether the highest or the lowest is best.
    `of_runs`: metric -> last, highest, lowest value. `curves`: metric -> epochs, mean, sd.
    """

    metrics: list[str]
    of_rows: list[dict[str, dict[str, Numbers]]]
    of_runs: dict[Run, dict[str, Numbers]]
    curves: list[dict[str, list[Numbers]]]


def collect_figures(comparison: Comparison) -> Figures:
    """Read the records of all runs, one after the other, and keep what the page shows of them."""
    samples: dict[Run, Samples] = {}
    drawn: list[dict[str, Curve]] = []
    for row in comparison.rows:
        points = []
        for run in row.runs:
            record = list(run.rows())
            logged = curves.points(record)
            samples[run] = collect_samples(run, record, logged)
            if run in (row.counted or row.runs):
                points.append(logged)
        drawn.append(curves.average_all(points))
    metrics = choose_metrics(comparison, samples, drawn)
    of_runs = {}
    for run, of_run in samples.items():
        of_runs[run] = {metric: list_values(of_run, metric) for metric in metrics}
    return Figures(
        metrics,
        collect_rows(comparison.rows, samples, metrics),
        of_runs,
        [collect_curves(of_row, metrics) for of_row in drawn],
    )


def collect_samples(run: Run, record: Sequence[Entry], logged: Iterable[str]) -> Samples:
    """Return the last, highest and lowest value of every metric of a run, of those it has."""
    samples = {}
    for metric in {*run.summary.get("metrics", {}), *logged}:
        for how in HOWS:
            found = sample(run, metric, how, record)
            if found:
                samples[metric, how] = found
    return samples


def collect_rows(
    rows: Sequence[Row], samples: Mapping[Run, Samples], metrics: Sequence[str]
) -> list[dict[str, dict[str, Numbers]]]:
    """Return, for every row, metric -> view -> its numbers."""
    collected: list[dict[str, dict[str, Numbers]]] = [{} for _ in rows]
    for metric in metrics:
        views = {name: view_rows(rows, samples, metric, *view) for name, view in VIEWS.items()}
        for row, of_row in zip(rows, collected, strict=True):
            of_row[metric] = {name: by_values[row.values] for name, by_values in views.items()}
    return collected


def collect_curves(of_row: Mapping[str, Curve], metrics: Sequence[str]) -> dict[str, list[Numbers]]:
    """Return metric -> epochs, mean and sd, of the metrics that have a curve."""
    return {name: list(map(as_json_numbers, of_row[name])) for name in metrics if name in of_row}


def view_rows(
    rows: Sequence[Row], samples: Mapping[Run, Samples], metric: str, best: bool, lower: bool
) -> dict[Any, Numbers]:
    """Return values of a row -> n, mean, sd, p, whether it is the best.

    For a metric of the test split every view uses the last values: the best value of a run would
    be chosen by the test split.
    """
    best = best and may_choose(metric)
    key = metric, choose_value(best, lower)
    of_metric = []
    for row in rows:
        own = tuple(samples[run][key] for run in row.counted if key in samples[run])
        of_metric.append(replace(row, samples=own))
    return {
        row.values: as_json_numbers([row.n, row.mean, row.sd, row.p, row.best], digits=17)
        for row in rank(metric, of_metric, lower=lower)
    }


def list_values(of_run: Samples, metric: str) -> Numbers:
    """Return the last, the highest and the lowest value of a run, or nulls.

    For a metric of the test split all three are the last value.
    """
    last: How = "last"
    hows = HOWS if may_choose(metric) else (last,) * len(HOWS)
    samples = [of_run.get((metric, how)) for how in hows]
    return as_json_numbers(math.nan if found is None else found.mean for found in samples)


def choose_metrics(
    comparison: Comparison, samples: Mapping[Run, Samples], drawn: Sequence[Mapping[str, Curve]]
) -> list[str]:
    """Return as many metrics as the page may show: the compared one, scores, then the rest."""
    size = Counter(metric for of_run in samples.values() for metric, _ in of_run)
    for of_row in drawn:
        for name, curve in of_row.items():
            size[name] += 3 * len(curve.epochs)

    def sort_key(name: str) -> tuple[bool, bool, str]:
        return name != comparison.metric, not is_score(name), name

    names: list[str] = []
    total = 0
    for name in sorted(size, key=sort_key):
        total += size[name] + 5 * len(VIEWS) * len(drawn)
        if names and total > MOST_NUMBERS:
            break
        names.append(name)
    return names


def as_json_numbers(values: Iterable[float], digits: int = 6) -> Numbers:
    """Return numbers as JSON values, rounded to so many digits; null where not finite."""
    return [float(f"{value:.{digits}g}") if math.isfinite(value) else None for value in values]
