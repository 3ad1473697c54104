"""A memory of units of 0/1. Oracles: the stored patterns; the first step of the same network."""

from pathlib import Path

import numpy as np
import pytest

import darnax
from darnax.data import Memories

WORDS = [
    "+experiment=memory_sparse",
    "data.source.units=200",
    "data.batch_size=100",
    "runner.epochs=500",
    "tracking=local",
]


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> darnax.Run:
    place: Path = tmp_path_factory.mktemp("outputs")
    return darnax.train(*WORDS, f"paths.outputs={place}", progress=False)


def test_patterns_come_back_from_cues_that_have_lost_active_entries(memory: darnax.Run) -> None:
    """20 of 200 entries are active; a cue that has lost 6 of them is no stored pattern."""
    patterns = Memories(units=200, load=0.5, level=0.1, seed=0).draw()
    is_lost = np.random.default_rng(1).random(patterns.shape) < 0.2
    cue = np.where(is_lost, -1.0, patterns).astype(np.float32)
    found = memory.recall(cue)
    whole = (found.trajectory == patterns).all(axis=2).mean(axis=1)
    assert whole[-1] >= 0.9
    assert whole[1] <= whole[-1] - 0.1
    assert memory.metrics["train/accuracy"].values[-1] == 1.0


def test_its_states_are_0_and_1(memory: darnax.Run) -> None:
    patterns = Memories(units=200, load=0.5, level=0.1, seed=0).draw()
    states = memory.trajectory(patterns, clean=True).states["hidden"]
    assert np.array_equal(np.unique(states[1:]), [0.0, 1.0])
    assert np.array_equal(2 * states[-1] - 1, patterns)
