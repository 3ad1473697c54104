"""A synthetic task: store random patterns of ±1 and recall each from a part of itself.

@article{tsodyks1988enhanced,
  title = {The enhanced storage capacity in neural networks with low activity level},
  author = {Tsodyks, Mikhail V. and Feigel'man, Mikhail V.}, journal = {Europhysics Letters},
  volume = {6}, number = {2}, pages = {101--105}, year = {1988}
}
@article{parga1986ultrametric,
  title = {The ultrametric organization of memories in a neural network},
  author = {Parga, Nestor and Virasoro, Miguel A.}, journal = {Journal de Physique},
  volume = {47}, number = {11}, pages = {1857--1864}, year = {1986}
}
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darnax.data.dataset import Dataset
from darnax.data.resident import Resident
from darnax.errors import Problem, RequestError

Patterns = NDArray[np.float32]


@dataclass(frozen=True)
class Memories:
    """`P = round(load · units)` patterns of ±1 entries, each its own target.

    Every entry of a root is +1 with the probability `level`; units of 0/1, as those of
    `model=memory_sparse`, take +1 as 1 and −1 as 0. Without `tree` all patterns are roots. With
    `tree` they are the leaves of a tree: `tree[0]` roots, and at every further level `tree[k]`
    nodes, the node n being a child of the node n mod tree[k−1] of the level before. A child has
    each entry of its parent with the probability `likeness`, and draws it anew otherwise, so that
    two leaves whose paths part d levels above have the mean overlap likeness^(2d), at level 1/2.

    The test is to recall the same patterns.

    Args:
        units: entries of a pattern.
        load: α, patterns per unit.
        level: probability of +1.
        tree: numbers of nodes at the levels above the patterns, the roots first.
        likeness: of a node to its parent, from 0 to 1.
        seed: draws the patterns.

    Example:
        >>> len(Memories(units=100, load=0.25).open().train)
        25
    """

    units: int
    load: float
    level: float = 0.5
    tree: tuple[int, ...] = ()
    likeness: float = 0.8
    seed: int = 0

    @property
    def count(self) -> int:
        """Return P, the number of patterns."""
        return round(self.load * self.units)

    def open(self) -> Dataset:
        """Draw the patterns; train, validation and test are the same split, without classes.

        Raises:
            RequestError: there is no pattern, a probability is not one, or the patterns do not fit
                into memory.
        """
        return self._make_dataset(draw=True)

    def outline(self) -> Dataset:
        """Return a dataset of the same sizes, with zeros for the patterns, which are not drawn.

        Raises:
            RequestError: as `open` does.
        """
        return self._make_dataset(draw=False)

    def draw(self) -> Patterns:
        """Return the patterns, (P, units)."""
        rng = np.random.default_rng(self.seed)
        nodes = self._draw_entries(rng, (self.tree or (self.count,))[0])
        for count in (*self.tree, self.count)[1:]:
            parents = nodes[np.arange(count) % len(nodes)]
            is_kept = rng.random(parents.shape) < self.likeness
            nodes = np.where(is_kept, parents, self._draw_entries(rng, count))
        return nodes

    def _draw_entries(self, rng: np.random.Generator, count: int) -> Patterns:
        is_up = rng.random((count, self.units), np.float32) < self.level
        return np.where(is_up, np.float32(1), np.float32(-1))

    def _make_dataset(self, *, draw: bool) -> Dataset:
        try:
            self._check()
            if not draw:
                np.random.default_rng(self.seed)  # raises ValueError for an invalid seed
            shape = (self.count, self.units)
            patterns = self.draw() if draw else np.zeros(shape, np.float32)
        except (MemoryError, OverflowError, TypeError, ValueError) as error:
            what = f"got {self}, which cannot be drawn ({error}); change the values"
            raise RequestError(Problem("data.source", what)) from error
        split = Resident(patterns, patterns)
        return Dataset("memories", train=split, validation=split, test=split, class_names=())

    def _check(self) -> None:
        """Raise ValueError unless the sizes are positive and the probabilities are ones."""
        if min(self.units, self.count, *self.tree, 1) < 1:
            raise ValueError("expected units, load · units and the tree to be 1 or more")
        for name in ("level", "likeness"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"expected {name} from 0 to 1")
