"""Which examples of a set are used: classes kept, validation carved out, examples per class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from darnax.errors import Problem, RequestError
from darnax.printing import count_of
from darnax.split_sizes import EXPECTED, is_size

_VALIDATION_SEED = 0


@dataclass(frozen=True)
class Selection:
    """The settings of a configuration that select examples of a set.

    Args:
        validation: examples carved out of train: the last ones of one fixed permutation, the same
            in every run; or a share of every class, above 0 and below 1.
        test: examples carved out of train to test on, where there is no test split: those before
            the validation examples in the permutation; or a share of every class.
        per_class: how many of each class stay in train, the first ones, counted after validation
            and test examples are carved out.
        only_classes: labels to keep, in every split, renumbered 0, 1, … in the order given.
    """

    validation: int | float = 0
    per_class: int | None = None
    only_classes: Sequence[int] | None = None
    test: int | float = 0

    @property
    def ignores_labels(self) -> bool:
        """Whether the selection does not depend on labels."""
        has_shares = isinstance(self.validation, float) or isinstance(self.test, float)
        return self.per_class is None and self.only_classes is None and not has_shares

    def check(self, classes: int) -> None:
        """Raise RequestError naming every setting that is invalid for a set of so many classes.

        Args:
            classes: of the set; 0 where its targets are no classes.
        """
        problems = []
        for role in ("validation", "test"):
            size = getattr(self, role)
            if not is_size(size):
                problems.append(Problem(f"data.{role}", f"got {size}, {EXPECTED}"))
        if classes and self.per_class is not None and self.per_class < 1:
            what = f"got {self.per_class}, expected null or a positive number"
            problems.append(Problem("data.per_class", what))
        kept = self.only_classes
        if classes and kept is not None:
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

        A share s takes floor(s · n + 1/2) of the n examples of every class, and leaves at least one
        of them for training.

        Raises:
            RequestError: too few examples for the validation and test ones, or for `per_class`.
        """
        kept = self.kept_indices(labels)
        order = np.random.default_rng(_VALIDATION_SEED).permutation(kept)
        if isinstance(self.validation, int) and isinstance(self.test, int):
            train, test, validation = self._split_by_numbers(order, self.validation, self.test)
        else:
            groups = labels[order]
            rest, validation = _carve(order, groups, order, self.validation, "data.validation")
            train, test = _carve(order, groups, rest, self.test, "data.test")
        first = self._keep_first_of_each_class(np.sort(train), labels)
        return first, np.sort(validation), np.sort(test)

    def _split_by_numbers(
        self, kept: np.ndarray, validation: int, test: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Split a permutation into training, test and validation examples."""
        carved = validation + test
        if carved >= len(kept):
            got = f"{validation}"
            if test:
                got = f"{got} and data.test={test}"
            there = count_of(len(kept), "example")
            what = f"got {got}, expected fewer than the {there} of train"
            raise RequestError(Problem("data.validation", what))
        split_at = [len(kept) - carved, len(kept) - validation]
        train, tested, chosen_by = np.split(kept, split_at)
        return train, tested, chosen_by

    def _keep_first_of_each_class(self, train: np.ndarray, labels: np.ndarray) -> np.ndarray:
        if self.per_class is None:
            return train
        own = labels[train]
        members = [train[own == label] for label in np.unique(own)]
        fewest = min(map(len, members))
        if fewest < self.per_class:
            what = f"got {self.per_class}, expected at most {fewest}, the smallest class of train"
            what += "; null takes all"
            raise RequestError(Problem("data.per_class", what))
        return np.sort(np.concatenate([indices[: self.per_class] for indices in members]))

    def renumber(self, labels: np.ndarray) -> np.ndarray:
        """Return the labels of kept examples as training uses them, int32."""
        if self.only_classes is None:
            return labels.astype(np.int32, copy=False)
        table = np.full(max(self.only_classes) + 1, -1, np.int32)
        table[list(self.only_classes)] = np.arange(len(self.only_classes), dtype=np.int32)
        return table[labels]


def _carve(
    order: np.ndarray, groups: np.ndarray, rest: np.ndarray, size: int | float, where: str
) -> tuple[np.ndarray, np.ndarray]:
    """Split what is left of a permutation; return what stays, and the last `size` examples.

    Args:
        order: the whole permutation, to which shares refer.
        groups: the class of each example in it.
        rest: what is left of it, in its order.
        size: a number of examples, or a share of every class.
        where: the setting, for messages.
    """
    if isinstance(size, int):
        if size >= len(rest):
            there = count_of(len(rest), "example")
            raise RequestError(Problem(where, f"got {size}, expected fewer than the {there} left"))
        return rest[: len(rest) - size], rest[len(rest) - size :]
    is_left = np.isin(order, rest)
    is_carved = np.zeros(len(order), bool)
    for label in np.unique(groups):
        members = np.flatnonzero(groups == label)
        left = members[is_left[members]]
        count = min(int(np.floor(size * len(members) + 0.5)), len(left) - 1)
        is_carved[left[len(left) - max(count, 0) :]] = True
    if not is_carved.any():
        there = count_of(len(order), "example")
        raise RequestError(Problem(where, f"got {size}, which keeps none of {there}; raise it"))
    return order[is_left & ~is_carved], order[is_carved]
