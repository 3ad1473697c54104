"""Evaluates a network on a split: its score, and the confusion matrix of its classes."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from darnax.data import Split
from darnax.errors import RunError
from darnax.printing import count_of
from darnax.reports.confusion import ClassScore
from darnax.reports.confusion import classes as score_classes
from darnax.reports.confusion import interval as wilson_interval
from darnax.runner.programs import ParallelRuns, evaluate_window
from darnax.scores import ACCURACY

MOST_CLASSES = 2000  # with a confusion matrix, which has the square of this number of entries


@dataclass(frozen=True, repr=False)
class Evaluation:
    """The result of evaluating a network, or the replicas of one run, on one split.

    Args:
        scores: for every replica the mean score over the examples, shape (replicas,).
        examples: their number.
        class_names: of the rows and columns of `confusion`; empty if there are more than
            MOST_CLASSES, or if scores are not 1 or 0.
        majority_rate: fraction of the examples that are of the most frequent class; None if
            targets are not classes, or scores are not 1 or 0.
        confusion: (true class, predicted class) -> count, over all replicas; shape (0, 0) without
            class names.
        right_or_wrong: whether every score is 1 or 0, so that their mean is the fraction of right
            answers.
        checkpoint: the description of the evaluated checkpoint, if it was one.
        score_name: the name that the label code gives its score.
        higher_is_better: whether a higher score is the better one.
        standard_error: of `score`: the standard deviation over the examples of their scores
            (averaged over the replicas), divided by √examples.
        picture: the file with the confusion matrix, if one was drawn.
    """

    scores: np.ndarray
    examples: int
    majority_rate: float | None
    class_names: tuple[str, ...]
    confusion: np.ndarray
    right_or_wrong: bool
    checkpoint: str = ""
    score_name: str = ACCURACY
    higher_is_better: bool = True
    standard_error: float = math.nan
    picture: Path | None = None

    def __repr__(self) -> str:
        examples = count_of(self.examples, "example")
        result = f"{self.label} {self.score:.4f} of {examples}"
        return f"Evaluation({result}; {self.checkpoint})"

    @property
    def label(self) -> str:
        """The name of the score for people."""
        # Label codes call their score accuracy by default, also where it is not a fraction of
        # right answers; there the name would mislead.
        is_misnamed = self.score_name == ACCURACY and not self.right_or_wrong
        return "score" if is_misnamed else self.score_name

    @property
    def score(self) -> float:
        """The mean over the replicas."""
        return float(self.scores.mean())

    @property
    def accuracy(self) -> float:
        """The same as `score`, under its usual name if every score is 1 or 0."""
        return self.score

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% interval of an accuracy, by Wilson; None if scores are not 1 or 0."""
        if not self.right_or_wrong:
            return None
        return wilson_interval(round(self.score * self.examples), self.examples)

    def describe(self) -> str:
        """Return an accuracy with its interval, or a mean score, in one line."""
        examples = count_of(self.examples, "example")
        if len(self.scores) > 1:  # the counts of classes are those of all of them
            examples += f", each by {count_of(len(self.scores), 'network')}"
        if self.interval is None:
            order = "" if self.higher_is_better else "; lower is better"
            remark = "; not a fraction of right answers" if self.label == "score" else order
            return f"{self.label} {self.score:.4f}  (mean of {examples}{remark})"
        low, high = self.interval
        interval = f"95% interval {low:.2%} to {high:.2%}"
        return f"{self.label} {self.score:.2%}  ({interval}, {examples})"

    @property
    def class_scores(self) -> list[ClassScore]:
        """The examples, recall and precision of each class; empty without class names."""
        return score_classes(self.confusion, self.class_names)


def evaluate(
    runs: ParallelRuns, arrays: Any, split: Split, class_names: tuple[str, ...] = ()
) -> Evaluation:
    """Evaluate networks on every example of a split once.

    Args:
        runs: whose networks are evaluated.
        arrays: of the networks.
        split: the examples.
        class_names: of the classes; without them there is no confusion matrix.

    Raises:
        RunError: an input, an output or a score is NaN or infinite.
    """
    labels = runs.program.labels
    right_or_wrong = labels.right_or_wrong
    # The targets of the examples say nothing about a network whose targets are its inputs.
    has_classes = right_or_wrong and not labels.of_inputs
    if not has_classes or len(class_names) > MOST_CLASSES:
        class_names = ()
    classes = len(class_names)
    confusion = np.zeros((classes, classes), np.int64)
    scores, targets, first = [], [], 0
    # Without random stages the position of a window has no effect, and is no input of the program.
    is_random = bool(runs.program.encode.always)
    for window in map(runs.to_devices, split.windows(epoch=None)):
        # The last window is padded to the size of the others; shapes (replicas, examples).
        position = np.int32(first) if is_random else None
        found = evaluate_window(runs.program, arrays, window.inputs, window.targets, position)
        first += window.count
        score, predicted = (np.atleast_2d(array)[:, : window.count] for array in found)
        target = np.asarray(window.targets)[: window.count]
        # Summed in float64: a float32 cannot count beyond 2²⁴ right answers.
        scores.append(score.astype(np.float64))
        targets.append(target)
        if classes:
            # `confusion[i, j] += 1` would count a pair once, however often it occurs.
            np.add.at(confusion, (np.broadcast_to(target, predicted.shape), predicted), 1)
    replicas = np.concatenate(scores, axis=1)
    is_finite = np.isfinite(replicas).all(axis=0)
    if not is_finite.all():
        example = int((~is_finite).argmax())
        what = f"example {example} of an evaluation, or the scores for it, are NaN or infinite"
        raise RunError(f"{what}; look at the data")
    return Evaluation(
        scores=replicas.mean(axis=1),
        examples=replicas.shape[1],
        majority_rate=compute_majority_rate(np.concatenate(targets)) if has_classes else None,
        class_names=class_names,
        confusion=confusion,
        right_or_wrong=right_or_wrong,
        score_name=labels.score_name,
        higher_is_better=labels.higher_is_better,
        standard_error=float(replicas.mean(axis=0).std() / math.sqrt(replicas.shape[1])),
    )


def compute_majority_rate(targets: np.ndarray) -> float | None:
    """Return the fraction of targets that are of the most frequent class; None for patterns."""
    are_classes = targets.ndim == 1 and targets.dtype.kind in "iu"
    if not are_classes:
        return None
    return float(np.bincount(targets).max() / len(targets))
