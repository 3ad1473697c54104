"""The numbers on the page of a comparison: of each row in each view, of each run, and curves."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from darnax.reports import curves
from darnax.reports.chosen_metric import may_choose
from darnax.reports.compare import Comparison, Row, rank
from darnax.reports.curves import Curve
from darnax.reports.digest import Digest
from darnax.reports.runs import Run
from darnax.reports.sample import How, Sample, pool, sample
from darnax.scores import is_score

MOST_BYTES = 3_600_000  # of all figures; less important metrics are left out of a larger page
LEAST_BYTES_OF_ROW = 150  # of one metric: four views with five numbers each
LEAST_BYTES_OF_RUN = 20  # of one metric: three numbers
LEAST_BYTES_OF_POINT = 9  # of the curve of one row: three numbers
MOST_CURVE_NUMBERS = 200_000  # of one metric; with many rows, their curves have fewer points
FEWEST_POINTS = 10
VIEWS: dict[str, tuple[How, bool]] = {  # name -> the value of each run, whether lower is better
    "last highest": ("last", False),
    "last lowest": ("last", True),
    "best highest": ("highest", False),
    "best lowest": ("lowest", True),
}
HOWS: tuple[How, ...] = ("last", "highest", "lowest")

Samples = Mapping[tuple[str, How], Sample]  # of one run
Numbers = list[float | None]


@dataclass(frozen=True)
class Figures:
    """All numbers of a page, rows in the order of the comparison.

    `of_rows`: metric -> view -> n, mean, sd, p, and 1 for the best row; then, where seeds are
    paired, the mean difference from the best row, the ends of its 95 % interval, and its p. A view
    defines which value of each run is used, its last or its best, and whether the highest or the
    lowest is best.
    `of_runs`: metric -> last, highest, lowest value. `curves`: metric -> epochs, mean, sd.
    `left_out`: metrics for which there is no space. `most_points` of a curve: `is_thinned`: whether
    there is a curve with fewer points than were logged.
    """

    metrics: list[str]
    left_out: list[str]
    of_rows: list[dict[str, dict[str, Numbers]]]
    of_runs: dict[Run, dict[str, Numbers]]
    curves: list[dict[str, list[Numbers]]]
    most_points: int
    is_thinned: bool


class Records(NamedTuple):
    """What is kept of the records of all runs.

    `names` of all metrics, those that are shown first in front; `samples` of each run; `drawn`: the
    curves of each row; `is_thinned`: whether a record has more points than were kept.
    """

    names: list[str]
    samples: dict[Run, Samples]
    drawn: list[dict[str, Curve]]
    is_thinned: bool


def collect_figures(comparison: Comparison, rows: Sequence[Row]) -> Figures:
    """Read the records of the runs of some rows, and keep what the page shows of them."""
    most_points = count_points(len(rows))
    records = read_records(comparison, rows, most_points)
    figures = Figures([], [], [{} for _ in rows], {}, [{} for _ in rows], most_points, False)
    for run in records.samples:
        figures.of_runs[run] = {}
    total = 0
    for i, name in enumerate(records.names):
        total += add_metric(figures, name, rows, records)
        if i > 0 and total > MOST_BYTES:
            remove_metric(figures, name)
            figures.left_out.extend(records.names[i:])
            break
        figures.metrics.append(name)
    return replace(figures, is_thinned=is_thinned(figures.metrics, records))


def count_points(rows: int) -> int:
    """Return the largest number of points of a curve on a page with so many rows."""
    fitting = MOST_CURVE_NUMBERS // (3 * max(rows, 1))
    return min(max(fitting, FEWEST_POINTS), curves.MOST_POINTS)


def read_records(comparison: Comparison, rows: Sequence[Row], most_points: int) -> Records:
    """Read the records of all runs, one after the other.

    Of metrics that cannot fit on the page nothing is kept, so that memory is bounded as the page.
    Curves are taken to be as long as that of the first run with a new metric.
    """
    names: set[str] = set()
    kept: set[str] = set()
    samples: dict[Run, Samples] = {}
    drawn: list[dict[str, Curve]] = []
    thinned = False
    for row in rows:
        points = []
        averaged = set(row.counted or row.runs)
        for run in row.runs:
            found = run.digest(kept)
            own = {*run.summary.get("metrics", {}), *found.points, *found.others}
            if not own <= names:
                names |= own
                found = run.digest()
                kept = choose_metrics(names, comparison.metric, found, most_points, rows)
            samples[run] = collect_samples(run, found, own & kept)
            thinned = thinned or found.is_thinned
            if run in averaged:
                shown = [name for name in kept if name in found.points]
                points.append({name: curves.as_arrays(found.points[name]) for name in shown})
        drawn.append(curves.average_all(points, most_points))
    with_samples = {name for of_run in samples.values() for name, _ in of_run}
    found_names = with_samples | (names - kept) or {comparison.metric}
    in_order = sort_metrics(found_names, comparison.metric)
    return Records(in_order, samples, curves.without_single_points(drawn), thinned)


def choose_metrics(
    names: Iterable[str], compared: str, found: Digest, most_points: int, rows: Sequence[Row]
) -> set[str]:
    """Return the metrics that may fit on the page, whose curves are as long as those `found`."""
    runs = sum(len(row.runs) for row in rows)
    least = LEAST_BYTES_OF_ROW * len(rows) + LEAST_BYTES_OF_RUN * runs
    chosen: set[str] = set()
    total = 0
    for name in sort_metrics(names, compared):
        if total > MOST_BYTES:
            break
        chosen.add(name)
        epochs, _ = found.points.get(name, ((), ()))
        points = min(len(epochs), most_points)
        total += least + LEAST_BYTES_OF_POINT * points * len(rows)
    return chosen


def sort_metrics(names: Iterable[str], compared: str) -> list[str]:
    """Return metrics in the order of importance: the compared one, scores, then the rest."""
    return sorted(names, key=lambda name: (name != compared, not is_score(name), name))


def collect_samples(run: Run, found: Digest, names: Iterable[str]) -> Samples:
    """Return the last, highest and lowest value of metrics of a run, of those it has."""
    samples = {}
    for name in names:
        for how in HOWS:
            value = sample(run, name, how, found)
            if value:
                samples[name, how] = value
    return samples


def add_metric(figures: Figures, name: str, rows: Sequence[Row], records: Records) -> int:
    """Add a metric to the figures; return its length on the page, in bytes."""
    by_row = view_rows(rows, records.samples, name)
    length = 0
    for views, of_row in zip(by_row, figures.of_rows, strict=True):
        of_row[name] = views
        length += measure_length(name, views)
    for run, of_run in figures.of_runs.items():
        of_run[name] = list_values(records.samples[run], name)
        length += measure_length(name, of_run[name])
    for averages, of_row_curves in zip(records.drawn, figures.curves, strict=True):
        if name in averages:
            epochs, mean, sd, _ = averages[name]
            of_row_curves[name] = list(map(as_json_numbers, (epochs, mean, sd)))
            length += measure_length(name, of_row_curves[name])
    return length


def measure_length(name: str, value: Any) -> int:
    """Return the length of a member of a JSON object."""
    return len(json.dumps(name)) + len(json.dumps(value, separators=(",", ":"))) + 2


def remove_metric(figures: Figures, name: str) -> None:
    """Remove a metric from the figures."""
    for of_row in figures.of_rows:
        del of_row[name]
    for of_run in figures.of_runs.values():
        del of_run[name]
    for of_row_curves in figures.curves:
        of_row_curves.pop(name, None)


def is_thinned(metrics: Iterable[str], records: Records) -> bool:
    """Return whether the curve of one of the metrics has fewer points than were logged."""
    if records.is_thinned:
        return True
    for averages in records.drawn:
        if any(name in averages and averages[name].is_thinned for name in metrics):
            return True
    return False


def view_rows(
    rows: Sequence[Row], samples: Mapping[Run, Samples], metric: str
) -> list[dict[str, Numbers]]:
    """Return for every row view -> its numbers, as `Figures.of_rows` has them.

    For a metric of the test split every view uses the last values: the best value of a run would
    be chosen by the test split.
    """
    collected: list[dict[str, Numbers]] = [{} for _ in rows]
    position = {row.values: i for i, row in enumerate(rows)}
    pooled: dict[How, list[Row]] = {}
    for view, (chosen, lower) in VIEWS.items():
        how: How = chosen if may_choose(metric) else "last"
        if how not in pooled:
            pooled[how] = [use_samples(row, samples, metric, how) for row in rows]
        for row in rank(metric, pooled[how], lower=lower):
            n, sd, p, best = as_json_numbers([row.n, row.sd, row.p, row.best])
            # All digits of the mean: rows are sorted by it.
            mean = row.mean if math.isfinite(row.mean) else None
            paired = as_json_numbers(row.paired[1:]) if row.paired else []
            collected[position[row.values]][view] = [n, mean, sd, p, best, *paired]
    return collected


def use_samples(row: Row, samples: Mapping[Run, Samples], metric: str, how: How) -> Row:
    """Return a row with the values of a metric, of the runs that have any."""
    key = metric, how
    counted = tuple(run for run in row.counted if key in samples[run])
    own = tuple(samples[run][key] for run in counted)
    unranked = replace(row, best=False, p=math.nan, paired=None)
    return replace(unranked, counted=counted, samples=own, total=pool(own))


def list_values(of_run: Samples, metric: str) -> Numbers:
    """Return the last, the highest and the lowest value of a run, or nulls.

    For a metric of the test split all three are the last value.
    """
    last: How = "last"
    hows = HOWS if may_choose(metric) else (last,) * len(HOWS)
    samples = [of_run.get((metric, how)) for how in hows]
    return as_json_numbers(math.nan if found is None else found.mean for found in samples)


def as_json_numbers(values: Iterable[float], digits: int = 6) -> Numbers:
    """Return numbers as JSON values, rounded to so many digits; null where not finite."""
    return [float(f"{value:.{digits}g}") if math.isfinite(value) else None for value in values]
