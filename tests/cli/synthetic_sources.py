"""Data sources as a user may write them, named in a configuration by `_target_`."""

import builtins
from dataclasses import dataclass

import numpy as np

from darnax.data import Dataset, Resident


@dataclass(frozen=True)
class Blobs:
    """Three classes of 28 × 28 images of noise; `splits` are the splits besides train."""

    examples: int = 30
    validates: bool = False

    def open(self) -> Dataset:
        train, validation, test = map(self.split, range(3))
        return Dataset("blobs", train, validation if self.validates else None, test, tuple("abc"))

    def split(self, seed: int) -> Resident:
        images = np.random.default_rng(seed).integers(
            0, 256, (self.examples, 28, 28, 1), dtype=np.uint8
        )
        return Resident(images, (np.arange(self.examples) % 3).astype(np.int32))


@dataclass(frozen=True)
class Failing:
    """A source that fails: it raises the named exception, or returns no dataset."""

    raises: str = ""

    def open(self) -> Dataset:
        if self.raises:
            raise getattr(builtins, self.raises)("no file beside me\nand more")
        return [1, 2]  # type: ignore[return-value]


@dataclass(frozen=True)
class ChosenByTest:
    """A source that gives its test split for validation."""

    def open(self) -> Dataset:
        train, test = Blobs().split(0), Blobs().split(1)
        return Dataset("chosen by test", train, test, test, tuple("abc"))
