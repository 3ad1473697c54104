"""Which examples of a set are used: classes kept, validation carved out, examples per class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from darnax.errors import Problem, RequestError
from darnax.printing import count_of

_VALIDATION_SEED = 0


@dataclass(frozen=True)
class Selection:
    """The settings of a configuration that select examples of a set.

    Args:
        validation: examples carved out of train: the last ones of one fixed permutation, the same
            in every run.
        test: examples carved out of train to test on, where there is no test split: those before
            the validation examples in the permutation.
        per_class: how many of each class stay in train, the first ones, counted after validation
            and test examples are carved out.
        only_classes: labels to keep, in every split, renumbered 0, 1, … in the order given.
    """

    validation: int = 0
    per_class: int | None = None
    only_classes: Sequence[int] | None = None
    test: int = 0

    @property
    def ignores_labels(self) -> bool:
        """Whether the selection does not depend on labels."""
        return self.per_class is None and self.only_classes is None

    def check(self, classes: int) -> None:
        """Raise RequestError naming every setting that is invalid for a set of so many classes."""
        problems = []
        if self.validation < 0:
            what = f"got {self.validation}, expected 0 or a number of examples"
            problems.append(Problem("data.validation", what))
        if self.per_class is not None and self.per_class < 1:
            what = f"got {self.per_class}, expected null or a positive number"
            problems.append(Problem("data.per_class", what))
        kept = self.only_classes
        if kept is not None:
            are_different = len(set(kept)) == len(kept) > 0
            if not are_different or not set(kept) <= set(range(classes)):
                what = f"got {list(kept)}, expected different labels from 0 to {classes - 1}"
                problems.append(Problem("data.only_classes", what))
        if problems:
            raise RequestError(*problems)

    def kept_indices(self, labels: np.ndarray) -> np.ndarray:
        """Return the indices, in order, of the examples whose label is kept."""
        if self.only_classes is None:
            return np.arange(len(labels))
        return np.flatnonzero(np.isin(labels, list(self.only_classes)))

    def divide(self, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Divide train by its labels; return indices for training, validation and test, in order.

        Raises:
            RequestError: too few examples for the validation and test ones, or for `per_class`.
        """
        kept = self.kept_indices(labels)
        carved = self.validation + self.test
        if carved >= len(kept):
            got = f"{self.validation}"
            if self.test:
                got = f"{got} and data.test={self.test}"
            there = count_of(len(kept), "example")
            what = f"got {got}, expected fewer than the {there} of train"
            raise RequestError(Problem("data.validation", what))
        order = np.random.default_rng(_VALIDATION_SEED).permutation(kept)
        bounds = [len(kept) - carved, len(kept) - self.validation]
        train, test, validation = np.split(order, bounds)
        first = self._keep_first_of_each_class(np.sort(train), labels)
        return first, np.sort(validation), np.sort(test)

    def _keep_first_of_each_class(self, train: np.ndarray, labels: np.ndarray) -> np.ndarray:
        if self.per_class is None:
            return train
        own = labels[train]
        members = [train[own == label] for label in np.unique(own)]
        fewest = min(map(len, members))
        if fewest < self.per_class:
            what = f"got {self.per_class}, expected at most {fewest}, the smallest class of train"
            raise RequestError(Problem("data.per_class", what))
        return np.sort(np.concatenate([indices[: self.per_class] for indices in members]))

    def renumber(self, labels: np.ndarray) -> np.ndarray:
        """Return the labels of kept examples as training uses them, int32."""
        if self.only_classes is None:
            return labels.astype(np.int32, copy=False)
        table = np.full(max(self.only_classes) + 1, -1, np.int32)
        table[list(self.only_classes)] = np.arange(len(self.only_classes), dtype=np.int32)
        return table[labels]
