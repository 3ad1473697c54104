"""Linear probes: how much of the answer can be read off a layer by a readout that is fitted in closed form."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from darnax.analysis.table import Table

COLUMNS = ("buffer", "score")
RIDGE = 1e-2  # of the mean square of a feature
Matrix = NDArray[np.floating]
Batches = Iterator[
    tuple[Mapping[str, Matrix], Matrix]
]  # buffer -> (batch, units), and the targets (batch, outputs)
Score = Callable[
    [Matrix, Matrix], Matrix
]  # (answers, targets), (batch, outputs) each -> how right each answer is


class Probe:
    """Ridge regression `W = (X'X + λ n I)⁻¹ X'Y` with a constant feature, fitted batch by batch: X itself is never kept."""

    def __init__(self) -> None:
        self.gram: Matrix = np.zeros(())
        self.cross: Matrix = np.zeros(())

    def see(self, x: Matrix, y: Matrix) -> None:
        """Take a batch in."""
        x = with_constant(x)
        self.gram, self.cross = self.gram + x.T @ x, self.cross + x.T @ y

    def fit(self) -> Matrix:
        """Return W, (units + 1, outputs)."""
        ridge = RIDGE * np.trace(self.gram) / len(self.gram)
        return np.asarray(
            np.linalg.solve(
                self.gram + ridge * np.eye(len(self.gram), dtype=self.gram.dtype), self.cross
            )
        )


def with_constant(x: Matrix) -> Matrix:
    """Return x with a last feature of ones."""
    return np.concatenate([x, np.ones((len(x), 1), x.dtype)], axis=1)


def probes(train: Batches, test: Batches, score: Score) -> Table:
    """Fit a probe for every buffer on the batches of `train`, and return its mean score on those of `test`."""
    fitted: dict[str, Probe] = {}
    for buffers, y in train:
        for name, x in buffers.items():
            fitted.setdefault(name, Probe()).see(x, y)
    weights = {name: probe.fit() for name, probe in fitted.items()}
    right: dict[str, list[Matrix]] = {name: [] for name in weights}
    for buffers, y in test:
        for name, x in buffers.items():
            right[name].append(score(with_constant(x) @ weights[name], y))
    return Table(
        COLUMNS, [(name, float(np.concatenate(scores).mean())) for name, scores in right.items()]
    )
