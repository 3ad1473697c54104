"""A synthetic task: store random pairs of ±1 patterns and recall them.

@article{cover1965geometrical,
  title = {Geometrical and statistical properties of systems of linear inequalities with
           applications in pattern recognition},
  author = {Cover, Thomas M.}, journal = {IEEE Transactions on Electronic Computers},
  volume = {EC-14}, number = {3}, pages = {326--334}, year = {1965}
}
@article{gardner1988space,
  title = {The space of interactions in neural network models},
  author = {Gardner, Elizabeth}, journal = {Journal of Physics A},
  volume = {21}, pages = {257--270}, year = {1988}
}
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from darnax.data.dataset import Dataset
from darnax.data.resident import Resident
from darnax.errors import Problem, RequestError


@dataclass(frozen=True)
class Associations:
    """`P = round(load · inputs)` pairs (ξ, ζ), each entry ±1 with probability 1/2.

    The test is to recall the same pairs.

    Args:
        inputs: entries of ξ, the size of the input buffer.
        outputs: entries of ζ, the size of the output buffer.
        load: pairs per input; the perceptron bound is 2 for random pairs.
        seed: draws the pairs.

    Example:
        >>> len(Associations(inputs=100, outputs=10, load=0.5).open().train)
        50
    """

    inputs: int
    outputs: int
    load: float
    seed: int = 0

    @property
    def pairs(self) -> int:
        """Return P, the number of pairs."""
        return round(self.load * self.inputs)

    def open(self) -> Dataset:
        """Draw the pairs; train, validation and test are the same split, and there are no classes.

        The task is to recall what was stored, so no example is kept out of training.

        Raises:
            RequestError: a size is not positive, the load makes no pair, or the pairs do not fit
                into memory.
        """
        return self._make_dataset(self._draw_pairs)

    def outline(self) -> Dataset:
        """Return a dataset of the same sizes, with zeros for the pairs, which are not drawn.

        Raises:
            RequestError: as `open` does.
        """
        return self._make_dataset(self._make_zeros)

    def _make_dataset(self, make: Callable[[], tuple[np.ndarray, np.ndarray]]) -> Dataset:
        got = (
            f"got inputs={self.inputs}, outputs={self.outputs}, load={self.load}, seed={self.seed}"
        )
        try:
            if min(self.inputs, self.outputs, self.pairs) < 1:
                what = f"{got}, expected sizes of at least 1 and load · inputs of at least 1"
                raise RequestError(Problem("data.source", what))
            split = Resident(*make())
        except (MemoryError, OverflowError, ValueError) as error:
            what = f"{got}, which cannot be drawn ({error}); lower them"
            raise RequestError(Problem("data.source", what)) from error
        return Dataset("associations", train=split, validation=split, test=split, class_names=())

    def _draw_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(self.seed)
        return self._draw_signs(rng, self.inputs), self._draw_signs(rng, self.outputs)

    def _make_zeros(self) -> tuple[np.ndarray, np.ndarray]:
        np.random.default_rng(self.seed)  # raises ValueError for an invalid seed, as `open` does
        inputs = np.zeros((self.pairs, self.inputs), np.float32)
        outputs = np.zeros((self.pairs, self.outputs), np.float32)
        return inputs, outputs

    def _draw_signs(self, rng: np.random.Generator, size: int) -> np.ndarray:
        return rng.choice(np.array([-1, 1], np.float32), (self.pairs, size))
