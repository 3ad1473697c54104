"""By which metric runs are compared, and whether a choice may depend on it."""

from collections.abc import Sequence

from darnax.near import near
from darnax.reports.runs import Run
from darnax.scores import is_score, parse_score

ACCURACY = "eval/accuracy"


def default_metric(runs: Sequence[Run]) -> str:
    """Return the score on the validation split that a run has, the accuracy where any has that.

    Of a single run it may be a score on another split.
    """
    scores = []
    for name in list_metrics(runs):
        score = parse_score(name)
        if score is not None and score.set == "eval":
            scores.append(name)
    if not scores and len(runs) == 1:  # one run is not compared with others
        scores = [name for name in list_metrics(runs) if is_score(name)]
    return ACCURACY if ACCURACY in scores or not scores else scores[0]


def is_lower_better(runs: Sequence[Run], metric: str) -> bool:
    """Return whether lower is better: of a cost, and of a score where a run says so.

    Example:
        >>> is_lower_better([], "operations/events"), is_lower_better([], "eval/accuracy")
        (True, False)
    """
    if metric.startswith("operations/"):
        return True
    return parse_score(metric) is not None and any(
        metric in run.summary.get("metrics", {}) and run.summary.get("lower_is_better") is True
        for run in runs
    )


def explain_missing_metric(metric: str, runs: Sequence[Run]) -> str:
    """Return the message for a metric that no finished run has."""
    names = list_metrics(runs)
    known = ", ".join(near(metric, names, 3) or names)
    what = f"no finished run has {metric}; there is {known}"
    if metric.startswith("eval/"):  # as after training on everything
        what += "; runs without a validation split are reported by --metric test/accuracy"
    return what


def may_choose(metric: str) -> bool:
    """Return whether a choice may depend on a metric: never on one of the test split.

    Example:
        >>> may_choose("eval/accuracy"), may_choose("test/accuracy")
        (True, False)
    """
    return not metric.startswith("test/")


def list_metrics(runs: Sequence[Run]) -> list[str]:
    """Return the names of all metrics in the summaries."""
    names: set[str] = set()
    for run in runs:
        names.update(run.summary.get("metrics", {}))
    return sorted(names)
