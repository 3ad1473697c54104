"""How well a network answers: accuracy, and who is taken for whom."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from darnax.data import Split
from darnax.runner.programs import Programs


@dataclass(frozen=True)
class Evaluation:
    """The answers of a network, or of several replicas of it, to one split.

    Args:
        accuracies: of every replica, the mean score over the examples, in [0, 1].
        examples: how many there were.
        class_names: of the rows and columns of `confusion`.
        confusion: (true class, answered class) -> count, over all replicas; empty for tasks whose targets are patterns.
    """

    accuracies: np.ndarray
    examples: int
    class_names: tuple[str, ...]
    confusion: np.ndarray

    @property
    def accuracy(self) -> float:
        """The mean over the replicas."""
        return float(self.accuracies.mean())


def evaluate(programs: Programs, arrays: Any, split: Split, class_names: tuple[str, ...] = ()) -> Evaluation:
    """Show every example of `split` once, and compare the answers with the targets."""
    classes = len(class_names)
    confusion = np.zeros((classes, classes), np.int64)
    scores = []
    for window in map(programs.placed, split.windows(epoch=None)):
        right, answers = (np.atleast_2d(a)[:, : window.count] for a in programs.evaluate(arrays, *window[:2]))
        scores.append(right.astype(np.float64))
        if classes:
            truth = np.broadcast_to(np.asarray(window.targets)[: window.count], answers.shape)
            np.add.at(confusion, (truth, answers), 1)
    replicas = np.concatenate(scores, axis=1)
    return Evaluation(replicas.mean(axis=1), replicas.shape[1], class_names, confusion)
