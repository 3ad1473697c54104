"""How much of a sequence a network replays: the longest stretch of exact frames in order."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray


def longest_replay(
    trajectory: Float[NDArray[Any], "times replays *size"],
    frames: Float[NDArray[Any], "frames *size"],
) -> Int[NDArray[Any], " replays"]:
    """Return for every replay the largest number of consecutive states that are frames in order.

    A state is a frame if all signs agree, 0 counting as +1. The first frame comes after the last
    one, so that a stretch of as many states as there are frames is the whole cycle, or the whole
    list, whatever was its first frame.

    Example:
        >>> frames = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
        >>> longest_replay(frames[[2, 0, 1, 0]][:, None], frames).tolist()
        [3]
    """
    goals = signs(frames).reshape(len(frames), -1)
    stretch = np.zeros((trajectory.shape[1], len(frames)), int)  # ends here with this frame
    longest = np.zeros(trajectory.shape[1], int)
    for states in trajectory:
        is_frame = signs(states).reshape(len(states), -1) @ goals.T == goals.shape[1]
        stretch = np.where(is_frame, np.roll(stretch, 1, axis=1) + 1, 0)
        longest = np.maximum(longest, stretch.max(axis=1))
    return longest


def signs(x: NDArray[Any]) -> NDArray[Any]:
    """Return ±1; ties go to +1, as those of the units."""
    return np.where(x >= 0, 1.0, -1.0)
