"""A task of other patterns in order: the target of a frame is one that comes after it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Shaped
from numpy.typing import NDArray

from darnax.data.dataset import Dataset, DataSource
from darnax.data.resident import Resident
from darnax.errors import Problem, RequestError


@dataclass(frozen=True)
class Sequence:
    """Frames in order: in training the target of a frame is the next one.

    In the test the target is the frame that comes `ahead` steps later, so that a network that
    answers with one frame at every step has to go through all that lie between.

    Args:
        frames: any source of patterns; its training examples are the frames, in their order.
        ahead: steps from a frame to its target in the test.
        cycle: whether the first frame comes after the last one; otherwise the last one comes after
            itself.

    Example:
        >>> from darnax.data import Memories
        >>> source = Sequence(Memories(units=100, load=0.25), ahead=25)
        >>> len(source.open().train)
        25
    """

    frames: DataSource
    ahead: int = 1
    cycle: bool = True

    def open(self) -> Dataset:
        """Read the frames; there is no validation split, and there are no classes.

        Raises:
            RequestError: `ahead` is no positive integer, or the frames cannot be opened.
        """
        return self._order(self.frames.open())

    def outline(self) -> Dataset:
        """Return a dataset of the same sizes; without the frames, where their source has outlines.

        Raises:
            RequestError: as `open` does.
        """
        return self._order(getattr(self.frames, "outline", self.frames.open)())

    def _order(self, patterns: Dataset) -> Dataset:
        if type(self.ahead) is not int or self.ahead < 1:
            what = f"ahead: got {self.ahead}, expected an integer of at least 1"
            raise RequestError(Problem("data.source", what))
        windows = [np.asarray(window.inputs) for window in patterns.train.windows(None)]
        frames = np.concatenate(windows)
        train = Resident(frames, later(frames, 1, cycle=self.cycle))
        test = Resident(frames, later(frames, self.ahead, cycle=self.cycle))
        return Dataset("sequence", train=train, validation=None, test=test, class_names=())


def later(
    frames: Shaped[NDArray[Any], "frames *size"], steps: int, *, cycle: bool
) -> Shaped[NDArray[Any], "frames *size"]:
    """Return for every frame the one that comes a number of steps later."""
    places = np.arange(len(frames)) + steps
    count = len(frames)
    return frames[places % count if cycle else np.minimum(places, count - 1)]
