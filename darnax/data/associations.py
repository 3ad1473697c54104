"""A made-up task: remember random pairs of ±1 patterns.

@article{cover1965geometrical,
  title = {Geometrical and statistical properties of systems of linear inequalities with applications in pattern recognition},
  author = {Cover, Thomas M.}, journal = {IEEE Transactions on Electronic Computers},
  volume = {EC-14}, number = {3}, pages = {326--334}, year = {1965}
}
@article{gardner1988space,
  title = {The space of interactions in neural network models},
  author = {Gardner, Elizabeth}, journal = {Journal of Physics A}, volume = {21}, pages = {257--270}, year = {1988}
}
"""

from dataclasses import dataclass

import numpy as np

from darnax.data.dataset import Dataset
from darnax.data.resident import Resident
from darnax.errors import Problem, RequestError


@dataclass(frozen=True)
class Associations:
    """`P = round(load · inputs)` pairs (ξ, ζ), each entry ±1 with equal odds; the test is to recall the same pairs.

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

        Recall of what was stored is the task, so that there is nothing to keep out of training.

        Raises RequestError where a size is not positive, the load makes no pair, or the pairs do not fit into memory.
        """
        came = f"came inputs={self.inputs}, outputs={self.outputs}, load={self.load}, seed={self.seed}"
        try:
            if min(self.inputs, self.outputs, self.pairs) < 1:
                raise RequestError(
                    Problem("data.source", f"{came}, expected sizes of at least 1 and load · inputs of at least 1")
                )
            rng = np.random.default_rng(self.seed)
            split = Resident(self._signs(rng, self.inputs), self._signs(rng, self.outputs))
        except (MemoryError, OverflowError, ValueError) as error:
            raise RequestError(Problem("data.source", f"{came}, which cannot be drawn ({error}); lower them")) from error
        return Dataset("associations", train=split, validation=split, test=split, class_names=())

    def _signs(self, rng: np.random.Generator, size: int) -> np.ndarray:
        return rng.choice(np.array([-1, 1], np.float32), (self.pairs, size))
