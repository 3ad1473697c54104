"""A memory with hidden units. Oracles: the stored digits; the first round of the same network."""

from pathlib import Path

import numpy as np
import pytest

import darnax
from darnax.data import ImageMemories

DIGITS = 100
WORDS = [
    "+experiment=memory_hidden",
    f"data.source.count={DIGITS}",
    "data.batch_size=50",
    "model.features=300",
    "runner.epochs=200",
    "runner.evaluate_every=200",
    "runner.checkpoint_every=200",
    "tracking=local",
]


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> darnax.Run:
    place: Path = tmp_path_factory.mktemp("outputs")
    return darnax.train(*WORDS, f"paths.outputs={place}", progress=False)


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return np.asarray(ImageMemories(count=DIGITS).open().train.inputs)


def test_digits_come_back_from_cues_of_which_half_is_unknown(
    memory: darnax.Run, digits: np.ndarray
) -> None:
    """A guess of the hidden pixels by their most frequent colour makes no digit whole."""
    hidden = np.random.default_rng(1).random(digits.shape) < 0.5
    guess = np.where(hidden, np.where(digits.mean(axis=0) >= 0, 1.0, -1.0), digits)
    assert not (guess == digits).all(axis=(1, 2, 3)).any()
    found = memory.recall(np.where(hidden, np.nan, digits))
    whole = (np.where(found.trajectory >= 0, 1, -1) == digits).all(axis=(2, 3, 4)).mean(axis=1)
    assert whole[-1] >= 0.85
    assert whole[1] <= whole[-1] - 0.2
    assert memory.metrics["test/accuracy"].values[-1] >= 0.85


def test_frames_are_compared_as_they_are_and_not_as_they_are_encoded(
    memory: darnax.Run, digits: np.ndarray
) -> None:
    """A memory stays at its pattern: a sequence of one frame is replayed at every step."""
    found = memory.recall(digits[:1], np.repeat(digits[:1], 3, axis=0))
    assert (found.memory >= 0).tolist() == (digits[:1] >= 0).tolist()
    assert found.replayed == len(found.trajectory) - 1
