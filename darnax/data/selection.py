"""Which examples of a set go where: classes kept, validation carved out, so many of each class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from darnax.errors import Problem, RequestError
from darnax.printing import count_of

_VALIDATION_SEED = 0


@dataclass(frozen=True)
class Selection:
    """What a configuration may ask of a set.

    Args:
        validation: examples carved out of train: the last ones of one fixed permutation, the same in every run.
        test: examples carved out of train to test on, where there is no test split: the ones before these.
        per_class: the first so many of each class that stay in train, after the validation examples have left it.
        only_classes: labels to keep, in every split; they are renumbered 0, 1, … in the order given.
    """

    validation: int = 0
    per_class: int | None = None
    only_classes: Sequence[int] | None = None
    test: int = 0

    @property
    def trivial(self) -> bool:
        """Whether no label has to be looked at."""
        return self.per_class is None and self.only_classes is None

    def check(self, classes: int) -> None:
        """Raise RequestError naming all that cannot be asked of a set with so many classes."""
        problems = []
        if self.validation < 0:
            problems.append(
                Problem(
                    "data.validation", f"got {self.validation}, expected 0 or a number of examples"
                )
            )
        if self.per_class is not None and self.per_class < 1:
            problems.append(
                Problem(
                    "data.per_class", f"got {self.per_class}, expected null or a positive number"
                )
            )
        if (kept := self.only_classes) is not None and (
            len(set(kept)) != len(kept) or not kept or not set(kept) <= set(range(classes))
        ):
            problems.append(
                Problem(
                    "data.only_classes",
                    f"got {list(kept)}, expected different labels from 0 to {classes - 1}",
                )
            )
        if problems:
            raise RequestError(*problems)

    def kept(self, labels: np.ndarray) -> np.ndarray:
        """Return the indices, in order, of the examples whose label is kept."""
        return (
            np.arange(len(labels))
            if self.only_classes is None
            else np.flatnonzero(np.isin(labels, list(self.only_classes)))
        )

    def divide(self, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the indices, in order, of the examples of train that train, of those that validate, and of those that test."""
        kept = self.kept(labels)
        if self.test + self.validation >= len(kept):
            got = (
                f"{self.validation} and data.test={self.test}"
                if self.test
                else f"{self.validation}"
            )
            raise RequestError(
                Problem(
                    "data.validation",
                    f"got {got}, expected fewer than the {count_of(len(kept), 'example')} of train",
                )
            )
        order = np.random.default_rng(_VALIDATION_SEED).permutation(kept)
        train, test, validation = np.split(
            order, [len(kept) - self.validation - self.test, len(kept) - self.validation]
        )
        return self._first_of_each(np.sort(train), labels), np.sort(validation), np.sort(test)

    def _first_of_each(self, train: np.ndarray, labels: np.ndarray) -> np.ndarray:
        if self.per_class is None:
            return train
        own = labels[train]
        members = [train[own == label] for label in np.unique(own)]
        if (fewest := min(map(len, members))) < self.per_class:
            raise RequestError(
                Problem(
                    "data.per_class",
                    f"got {self.per_class}, expected at most {fewest}, the smallest class of train",
                )
            )
        return np.sort(np.concatenate([indices[: self.per_class] for indices in members]))

    def renumber(self, labels: np.ndarray) -> np.ndarray:
        """Labels of kept examples as they are shown in training, int32."""
        if self.only_classes is None:
            return labels.astype(np.int32, copy=False)
        table = np.full(max(self.only_classes) + 1, -1, np.int32)
        table[list(self.only_classes)] = np.arange(len(self.only_classes), dtype=np.int32)
        return table[labels]
