"""How well a network answers: accuracy, and who is taken for whom."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from darnax.data import Split
from darnax.errors import RunError
from darnax.printing import count_of
from darnax.runner.programs import CompiledPrograms

MOST_CLASSES = 2000  # whose confusions are counted: a matrix of that many squared


@dataclass(frozen=True, repr=False)
class Evaluation:
    """The answers of a network, or of several replicas of it, to one split.

    Args:
        accuracies: of every replica, the mean score over the examples, in [0, 1].
        examples: how many there were.
        class_names: of the rows and columns of `confusion`; empty where there are more than any table can show.
        share: of the most frequent class among the examples; None where targets are no classes, or scores are more than
            right or wrong.
        confusion: (true class, answered class) -> count, over all replicas; empty where there is no share.
        right_or_wrong: whether every score is 1 or 0, so that their mean is the fraction of right answers.
        checkpoint: which checkpoint was evaluated, where it was one.
    """

    accuracies: np.ndarray
    examples: int
    share: float | None
    class_names: tuple[str, ...]
    confusion: np.ndarray
    right_or_wrong: bool
    checkpoint: str = ""

    def __repr__(self) -> str:
        name = "accuracy" if self.right_or_wrong else "score"
        examples = count_of(self.examples, "example")
        return f"Evaluation({name} {self.accuracy:.4f} of {examples}; {self.checkpoint})"

    @property
    def accuracy(self) -> float:
        """The mean over the replicas."""
        return float(self.accuracies.mean())


def evaluate(
    programs: CompiledPrograms, arrays: Any, split: Split, class_names: tuple[str, ...] = ()
) -> Evaluation:
    """Show every example of `split` once, and compare the answers with the targets.

    Raises:
        RunError: an example, or what the network makes of it, is no number.
    """
    right_or_wrong = programs.recipe.labels.right_or_wrong
    class_names = class_names if right_or_wrong and len(class_names) <= MOST_CLASSES else ()
    classes = len(class_names)
    confusion = np.zeros((classes, classes), np.int64)
    scores, truths = [], []
    for window in map(programs.placed, split.windows(epoch=None)):
        right, answers = (
            np.atleast_2d(a)[:, : window.count] for a in programs.evaluate(arrays, *window[:2])
        )
        scores.append(right.astype(np.float64))
        truths.append(truth := np.asarray(window.targets)[: window.count])
        if classes:
            np.add.at(confusion, (np.broadcast_to(truth, answers.shape), answers), 1)
    replicas = np.concatenate(scores, axis=1)
    if np.isnan(replicas).any():
        example = int(np.isnan(replicas).any(axis=0).argmax())
        raise RunError(
            f"example {example} of an evaluation, or the scores for it, are no numbers; look at the data"
        )
    share = majority_rate(np.concatenate(truths)) if right_or_wrong else None
    return Evaluation(
        replicas.mean(axis=1), replicas.shape[1], share, class_names, confusion, right_or_wrong
    )


def majority_rate(truth: np.ndarray) -> float | None:
    """Return how frequent the most frequent class is; None for patterns."""
    return (
        float(np.bincount(truth).max() / len(truth))
        if truth.ndim == 1 and truth.dtype.kind in "iu"
        else None
    )
