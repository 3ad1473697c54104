"""Rows of metrics: one for every run that trains side by side."""

from collections.abc import Mapping

import numpy as np

from darnax.scores import parse_score

Rows = list[dict[str, float]]


def merge_rows(rows: Rows, others: Rows) -> Rows:
    """Return the rows of every run with those of another measurement at the same step."""
    return [row | other for row, other in zip(rows, others, strict=True)]


def average_replicas(metrics: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return means over the replicas, and the standard deviation of every score.

    The metrics of one network have no standard deviation.
    """
    averaged = {name: float(np.mean(value)) for name, value in metrics.items()}
    if all(np.size(value) == 1 for value in metrics.values()):
        return averaged
    for name, value in metrics.items():
        if parse_score(name) is not None:
            averaged[f"{name}_sd"] = float(np.std(value, ddof=1))
    return averaged
