"""Linear probes: how well a linear readout, fitted in closed form, predicts from each layer."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from darnax.analysis.table import Table

COLUMNS = ("buffer", "score")
RIDGE = 1e-2  # of the mean square of a feature
Matrix = NDArray[np.floating]
# Yields buffer -> (batch, units), and the targets (batch, outputs).
Batches = Iterator[tuple[Mapping[str, Matrix], Matrix]]
# From predictions and targets, (batch, outputs) each, to a score for each example.
Score = Callable[[Matrix, Matrix], Matrix]


class Probe:
    """Ridge regression `W = (X'X + λ n I)⁻¹ X'Y` with a constant feature.

    It accumulates X'X and X'Y batch by batch, so X is never in memory as a whole.
    """

    def __init__(self) -> None:
        # Scalars until the first batch gives them their shapes by broadcasting.
        self.gram: Matrix = np.zeros(())
        self.cross: Matrix = np.zeros(())

    def add(self, x: Matrix, y: Matrix) -> None:
        """Add a batch."""
        x = with_constant(x)
        self.gram, self.cross = self.gram + x.T @ x, self.cross + x.T @ y

    def fit(self) -> Matrix:
        """Return W, (units + 1, outputs)."""
        # Relative to the mean square of a feature, so that the scale of the states has no effect.
        ridge = RIDGE * np.trace(self.gram) / len(self.gram)
        identity = np.eye(len(self.gram), dtype=self.gram.dtype)
        return np.asarray(np.linalg.solve(self.gram + ridge * identity, self.cross))


def with_constant(x: Matrix) -> Matrix:
    """Return x with a last feature of ones."""
    return np.concatenate([x, np.ones((len(x), 1), x.dtype)], axis=1)


def probes(train: Batches, test: Batches, score: Score) -> Table:
    """Fit a probe for every buffer on `train`, and return its mean score on `test`."""
    by_name: dict[str, Probe] = {}
    for buffers, y in train:
        for name, x in buffers.items():
            by_name.setdefault(name, Probe()).add(x, y)
    weights = {name: probe.fit() for name, probe in by_name.items()}
    scores: dict[str, list[Matrix]] = {name: [] for name in weights}
    for buffers, y in test:
        for name, x in buffers.items():
            scores[name].append(score(with_constant(x) @ weights[name], y))
    rows = [(name, float(np.concatenate(values).mean())) for name, values in scores.items()]
    return Table(COLUMNS, rows)
