"""A data source: noisy copies of a few prototypes, with classes or numbers as targets."""

from dataclasses import dataclass

import numpy as np

from darnax.data import Dataset, dataset_from_arrays
from darnax.errors import Problem, RequestError


@dataclass(frozen=True)
class Prototypes:
    """`classes` random ±1 patterns; an example is one of them with a fraction `noise` flipped.

    With `graded` the target of class c is the number 2c/(classes − 1) − 1, for regression.
    """

    inputs: int
    classes: int
    examples: int
    noise: float = 0.1
    graded: bool = False
    seed: int = 0

    def open(self) -> Dataset:
        if not 0 <= self.noise < 0.5:
            what = f"got noise={self.noise}, expected a fraction below 0.5"
            raise RequestError(Problem("data.source", what))
        rng = np.random.default_rng(self.seed)
        prototypes = rng.choice([-1.0, 1.0], (self.classes, self.inputs))
        parts = [self._draw(rng, prototypes) for _ in ("train", "validation", "test")]
        train, validation, test = parts
        names = () if self.graded else tuple(f"prototype {c}" for c in range(self.classes))
        return dataset_from_arrays(
            "prototypes", train=train, validation=validation, test=test, class_names=names
        )

    def _draw(
        self, rng: np.random.Generator, prototypes: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        classes = rng.integers(0, self.classes, self.examples)
        flips = rng.random((self.examples, self.inputs)) < self.noise
        inputs = np.where(flips, -1.0, 1.0) * prototypes[classes]
        graded = (2.0 * classes / (self.classes - 1) - 1.0)[:, None]
        return inputs, graded if self.graded else classes
