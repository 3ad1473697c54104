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
        accuracy: the mean score, in [0, 1], over examples and replicas.
        sd: the standard deviation of the accuracy over replicas; None for one network.
        examples: how many there were.
        class_names: of the rows and columns of `confusion`.
        confusion: (true class, answered class) -> count, over all replicas; empty for tasks whose targets are patterns.
    """

    accuracy: float
    sd: float | None
    examples: int
    class_names: tuple[str, ...]
    confusion: np.ndarray


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
    each = replicas.mean(axis=1)
    sd = float(each.std(ddof=1)) if len(each) > 1 else None
    return Evaluation(float(each.mean()), sd, replicas.shape[1], class_names, confusion)
