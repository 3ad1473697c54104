"""The curves of one run in charts: metrics of one kind and unit are drawn together."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from darnax.reports.curves import thin_out
from darnax.reports.digest import Digest, Points
from darnax.reports.figures import as_json_numbers
from darnax.scores import ACCURACY, AT_CHANCE, SPREAD, is_score, parse_score

MOST_BYTES = 3_600_000  # of all curves
MOST_POINTS = 1000  # of a curve
MOST_SERIES = 24  # of a chart; a deep network has a curve for each of its modules


class Kind(NamedTuple):
    """A kind of metrics: the title and the vertical axis of its chart, and what it shows.

    `unit` is `percent` for fractions that are written as such; `log` is the scale of the axis.
    """

    title: str
    axis: str
    note: str
    unit: str = ""
    log: bool = False


KINDS: Mapping[str, Kind] = {
    "accuracy": Kind(
        "Accuracy",
        "accuracy",
        "Train: of the batches since the last row, while learning. Eval: of the validation split. "
        "Test: once, at the end.",
        "percent",
    ),
    "flips": Kind(
        "Flips",
        "units that flip",
        "Fraction of the units that flip in the last step of a phase; 0 at a fixed point.",
        "percent",
    ),
    "converged": Kind(
        "Convergence",
        "samples at a fixed point",
        "Fraction of the samples in which no unit flips in the last step of a phase.",
        "percent",
    ),
    "overlap": Kind(
        "Overlaps",
        "overlap",
        "(1/N) Σ s s′ of a layer's states at the ends of two consecutive phases; 1: the same.",
    ),
    "unstable": Kind(
        "Unstable units",
        "units below the margin",
        "Fraction of the units at which the rule of a module still changes weights.",
        "percent",
    ),
    "update": Kind("Updates", "norm of a step", "Norms of the steps of the optimiser.", log=True),
    "norm": Kind("Norms", "norm of the weights", "Norms of the weights of every module."),
    "steps": Kind("Steps", "steps", "Steps of relaxation in each phase."),
    "time": Kind("Speed", "images/s", "Training images per second, evaluation left out."),
}


class Series(NamedTuple):
    """A curve of a chart: the metric, and its name in the legend."""

    metric: str
    label: str


def group(names: Sequence[str]) -> dict[str, list[Series]]:
    """Return the metrics of every chart, in the order of `KINDS`, other kinds after these.

    Example:
        >>> list(group(["relax/free/flips", "eval/accuracy", "field/hidden1"]))
        ['accuracy', 'flips', 'field']
    """
    found: dict[str, list[Series]] = {}
    for name in sorted(names):
        if name.endswith((SPREAD, AT_CHANCE)) or name == "time/compile_seconds":
            continue
        kind, label = classify(name)
        found.setdefault(kind, []).append(Series(name, label))
    in_order = [kind for kind in KINDS if kind in found]
    scores = [kind for kind in found if kind not in KINDS and is_score(found[kind][0].metric)]
    others = [kind for kind in found if kind not in KINDS and kind not in scores]
    return {kind: found[kind] for kind in (*scores, *in_order, *others)}


def classify(name: str) -> tuple[str, str]:
    """Return the kind of a metric, and its label among others of this kind."""
    score = parse_score(name)
    if score is not None:
        return score.name, score.set
    prefix, _, rest = name.partition("/")
    phase, _, what = rest.rpartition("/")
    if prefix == "relax" and what in ("flips", "converged", "steps"):
        return what, phase
    return prefix, rest or name


def collect(found: Digest) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the charts of a record as JSON values, and what is left out, one sentence each."""
    charts: list[dict[str, Any]] = []
    left_out = []
    length = 0
    for kind, series in group(list(found.points)).items():
        if len(series) > MOST_SERIES:
            left_out.append(f"{MOST_SERIES} of {len(series)} curves of {kind} are shown")
        chart = make_chart(kind, series[:MOST_SERIES], found.points)
        length += len(json.dumps(chart))
        if charts and length > MOST_BYTES:
            left_out.append(f"curves of {kind} and of less important metrics are not shown")
            break
        charts.append(chart)
    if found.is_thinned:
        left_out.append(f"curves have at most {MOST_POINTS} points, evenly chosen")
    return charts, left_out


def make_chart(kind: str, series: Sequence[Series], points: Mapping[str, Points]) -> dict[str, Any]:
    """Return one chart; metrics that never change are listed instead of drawn."""
    described = KINDS.get(kind, Kind(kind, kind, ""))
    curves = []
    constant = []
    for metric, label in series:
        epochs, values = points[metric]
        is_constant = len(set(values)) == 1 and (len(values) > 1 or parse_score(metric) is None)
        if is_constant:
            constant.append({"name": label, "value": as_json_numbers(values[:1])[0]})
            continue
        sd = points.get(f"{metric}{SPREAD}", ([], []))
        by_epoch = dict(zip(*sd, strict=True))
        kept = thin_out_indices(len(epochs))
        epochs = [epochs[i] for i in kept]
        curves.append(
            {
                "name": label,
                "metric": metric,
                "x": as_json_numbers(epochs),
                "y": as_json_numbers(values[i] for i in kept),
                "sd": as_json_numbers(by_epoch.get(epoch, math.nan) for epoch in epochs)
                if by_epoch
                else [],
            }
        )
    fields = described._asdict()
    if kind.endswith(ACCURACY):
        fields["unit"] = "percent"
    return {"kind": kind, **fields, "curves": curves, "constant": constant}


def thin_out_indices(count: int) -> list[int]:
    """Return evenly chosen positions, the first and the last included."""
    import numpy as np

    return [int(i) for i in thin_out(np.arange(count), MOST_POINTS)]
