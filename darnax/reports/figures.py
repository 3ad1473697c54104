"""What a page shows of every metric: figures of each row under each view, of each run, and curves."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from darnax.reports import curves
from darnax.reports.compare import Comparison, Row, may_choose, rank, which_value
from darnax.reports.curves import Curve
from darnax.reports.runs import Run
from darnax.reports.sample import How, Sample, sample
from darnax.scores import is_score

BUDGET = 1_500_000  # numbers on a page; the less telling metrics are left out of one that would be larger
VIEWS = {  # name -> whether the best value of a run counts, whether the lowest is the best
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

    `of_rows`: metric -> view -> n, mean, sd, p, and 1 for the best row. A view says what counts of each run, its last value
    or its best, and whether the highest or the lowest is best. `of_runs`: metric -> last, highest, lowest value.
    `curves`: metric -> epochs, mean, sd.
    """

    metrics: list[str]
    of_rows: list[dict[str, dict[str, Numbers]]]
    of_runs: dict[Run, dict[str, Numbers]]
    curves: list[dict[str, list[Numbers]]]


def figures_of(comparison: Comparison) -> Figures:
    """Read the records of all runs, one after the other, and keep what the page shows of them."""
    samples: dict[Run, Samples] = {}
    drawn: list[dict[str, Curve]] = []
    for row in comparison.rows:
        points = []
        for run in row.runs:
            record = list(run.rows())
            logged = curves.points(record)
            names = {*run.summary.get("metrics", {}), *logged}
            samples[run] = {
                (m, how): s for m in names for how in HOWS if (s := sample(run, m, how, record))
            }
            if run in (row.counted or row.runs):
                points.append(logged)
        drawn.append(curves.average_all(points))
    metrics = choose_metrics(comparison, samples, drawn)
    views = {
        (m, view): view_rows(comparison.rows, samples, m, *VIEWS[view])
        for m in metrics
        for view in VIEWS
    }
    return Figures(
        metrics,
        [
            {m: {view: views[m, view][row.values] for view in VIEWS} for m in metrics}
            for row in comparison.rows
        ],
        {run: {m: values(of_run, m) for m in metrics} for run, of_run in samples.items()},
        [
            {m: [as_json_numbers(part) for part in of_row[m]] for m in metrics if m in of_row}
            for of_row in drawn
        ],
    )


def view_rows(
    rows: Sequence[Row], samples: Mapping[Run, Samples], metric: str, best: bool, lower: bool
) -> dict[Any, Numbers]:
    """Return values of a row -> n, mean, sd, p, whether it is the best.

    Every view of a metric that may not choose is that of the last values: none shows another one.
    """
    best = best and may_choose(metric)
    key = metric, which_value(best, lower)
    of_metric = [
        replace(row, samples=tuple(samples[run][key] for run in row.counted if key in samples[run]))
        for row in rows
    ]
    return {
        row.values: as_json_numbers([row.n, row.mean, row.sd, row.p, row.best], digits=17)
        for row in rank(metric, of_metric, lower=lower)
    }


def values(of_run: Samples, metric: str) -> Numbers:
    """Return the last, the highest and the lowest value of a run; only the last of one that may not choose."""
    last: How = "last"
    hows = HOWS if may_choose(metric) else (last,) * len(HOWS)
    return as_json_numbers(
        of_run[metric, how].mean if (metric, how) in of_run else math.nan for how in hows
    )


def choose_metrics(
    comparison: Comparison, samples: Mapping[Run, Samples], drawn: Sequence[Mapping[str, Curve]]
) -> list[str]:
    """Return the metrics of the page, the compared one first, then scores, as many as the budget allows."""
    size = Counter(metric for of_run in samples.values() for metric, _ in of_run)
    for of_row in drawn:
        for name, curve in of_row.items():
            size[name] += 3 * len(curve.epochs)
    names: list[str] = []
    spent = 0
    for name in sorted(
        size, key=lambda name: (name != comparison.metric, not is_score(name), name)
    ):
        spent += size[name] + 5 * len(VIEWS) * len(drawn)
        if names and spent > BUDGET:
            break
        names.append(name)
    return names


def as_json_numbers(values: Iterable[float], digits: int = 6) -> Numbers:
    """Return numbers as JSON has them, rounded to what can be seen, or all digits, 17; null for what is none."""
    return [float(f"{value:.{digits}g}") if math.isfinite(value) else None for value in values]
