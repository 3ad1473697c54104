"""How well a network answers: accuracy, and who is taken for whom."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from darnax.data import Split
from darnax.runner.programs import Programs


@dataclass(frozen=True)
class Evaluation:
    """The answers of a network to one split.

    Args:
        accuracy: the mean score, in [0, 1].
        examples: how many there were.
        class_names: of the rows and columns of `confusion`.
        confusion: (true class, answered class) -> count; empty for tasks whose targets are patterns.
    """

    accuracy: float
    examples: int
    class_names: tuple[str, ...]
    confusion: np.ndarray


def evaluate(programs: Programs, arrays: Any, split: Split, class_names: tuple[str, ...] = ()) -> Evaluation:
    """Show every example of `split` once, and compare the answers with the targets."""
    total, examples = 0.0, 0
    classes = len(class_names)
    confusion = np.zeros((classes, classes), np.int64)
    for window in split.windows(epoch=None):
        right, answers = programs.evaluate(arrays, window.inputs, window.targets)
        total += float(np.asarray(right, np.float64)[: window.count].sum())
        examples += window.count
        if classes:
            np.add.at(confusion, (np.asarray(window.targets)[: window.count], np.asarray(answers)[: window.count]), 1)
    return Evaluation(total / examples, examples, class_names, confusion)
