"""Which settings mattered: shares of the variance of a metric, estimated by Optuna's fANOVA."""

import math
import warnings
from collections.abc import Hashable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from darnax.reports.chosen_metric import may_choose
from darnax.reports.compare import Comparison, Row
from darnax.reports.configuration import short_names
from darnax.scores import is_score

FEWEST_ROWS = 4
MOST_ROWS = 500  # evenly chosen; the time grows with their number
MOST_METRICS = 3
TREES = 64
DEEPEST = 8  # levels of a tree; deeper ones fit noise, and with 500 rows take five times as long
FEW = "Few configurations: the shares are rough."
NOTE = (
    "Share of the variance of the metric between configurations that each setting explains, by the "
    "functional analysis of variance of a random forest (fANOVA, as in Optuna), over {rows} rows."
)
MANY_FOR_ITS_KEYS = 10  # rows for each setting; with fewer, the page says that shares are rough


def collect(
    comparison: Comparison, rows: Sequence[Row], metrics: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return metric -> short name of each setting with its share, and a note.

    It is empty where Optuna or scikit-learn is not installed, and where too little differs.
    """
    found: dict[str, dict[str, Any]] = {}
    chosen = [name for name in metrics if name == comparison.metric or is_score(name)]
    chosen = [name for name in chosen if may_choose(name)][:MOST_METRICS]
    shortened = short_names(comparison.columns, comparison.keys)
    for metric in chosen:
        settings, results = list_results(rows, metric)
        every = math.ceil(len(results) / MOST_ROWS) or 1
        settings, results = settings[::every], results[::every]
        shares = estimate(comparison.columns, settings, results)
        if shares:
            note = NOTE.format(rows=len(results))
            if len(results) < MANY_FOR_ITS_KEYS * len(shares):
                note = f"{note} {FEW}"
            values = [[shortened[key], round(share, 4)] for key, share in shares.items()]
            found[metric] = {"values": values, "note": note}
    return found


def list_results(
    rows: Sequence[Row], metric: str
) -> tuple[list[tuple[Hashable, ...]], list[float]]:
    """Return the settings and the mean of a metric of the rows that have one."""
    settings: list[tuple[Hashable, ...]] = []
    results: list[float] = []
    for row in rows:
        value = average(row, metric)
        if value is not None:
            settings.append(row.values)
            results.append(value)
    return settings, results


def average(row: Row, metric: str) -> float | None:
    """Return the mean of the last values of the runs that count."""
    values = [run.value(metric) for run in row.counted]
    known = [value for value in values if value == value]  # not nan
    return sum(known) / len(known) if known else None


def estimate(
    keys: Sequence[str], settings: Sequence[tuple[Hashable, ...]], results: Sequence[float]
) -> dict[str, float]:
    """Return the share of each key that varies; {} where it cannot be estimated."""
    columns = list(zip(*settings, strict=True))
    varied = [k for k, column in enumerate(columns) if len(set(column)) > 1]
    if len(results) < FEWEST_ROWS or len(varied) < 2 or np.ptp(results) == 0:
        return {}
    try:
        study = make_study({keys[k]: columns[k] for k in varied}, results)
        return compute(study)
    except ImportError:
        return {}


def make_study(columns: dict[str, Sequence[Hashable]], results: Sequence[float]) -> Any:
    """Return an Optuna study in memory with one completed trial for each row."""
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions: dict[str, BaseDistribution] = {}
    drawn: dict[str, Sequence[Any]] = {}
    for key, values in columns.items():
        numbers = [float(v) for v in values if isinstance(v, int | float) and type(v) is not bool]
        if len(numbers) == len(values) and all(map(np.isfinite, numbers)):
            distributions[key] = FloatDistribution(min(numbers), max(numbers))
            drawn[key] = numbers
        else:
            texts = [f"{type(value).__name__} {value}" for value in values]
            distributions[key] = CategoricalDistribution(sorted(set(texts)))
            drawn[key] = texts
    study = optuna.create_study()
    for i, result in enumerate(results):
        params = {key: values[i] for key, values in drawn.items()}
        trial = optuna.trial.create_trial(params=params, distributions=distributions, value=result)
        study.add_trial(trial)
    return study


def compute(study: Any) -> dict[str, float]:
    """Return Optuna's importance of every parameter."""
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    evaluator = FanovaImportanceEvaluator(n_trees=TREES, max_depth=DEEPEST, seed=0)
    with warnings.catch_warnings(), suppress(ValueError, RuntimeError):
        warnings.simplefilter("ignore")
        shares = get_param_importances(study, evaluator=evaluator, normalize=False)
        return {key: float(share) for key, share in shares.items() if np.isfinite(share)}
    return {}
