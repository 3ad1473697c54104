"""Patterns to store. Oracles: counting, the law of large numbers, the archive itself."""

from pathlib import Path

import numpy as np
import pytest

import darnax
from darnax.data import ImageMemories, Memories
from darnax.data.idx import read_idx
from darnax.errors import RequestError


def test_every_pattern_is_its_own_target_in_every_split() -> None:
    source = Memories(units=200, load=0.7, seed=1)
    dataset = source.open()
    (window,) = dataset.test.windows(None)
    assert window.inputs.shape == (140, 200)
    np.testing.assert_array_equal(window.inputs, window.targets)
    np.testing.assert_array_equal(window.inputs, source.draw())
    assert dataset.train is dataset.validation is dataset.test
    assert set(np.unique(window.inputs)) == {-1.0, 1.0}
    assert abs(float(window.inputs.mean())) < 5 / (140 * 200) ** 0.5
    assert source.outline().train.example() == dataset.train.example()
    assert (Memories(200, 0.7, seed=2).draw() != source.draw()).mean() > 0.4


def test_coding_level() -> None:
    patterns = Memories(1000, 0.1, level=0.05).draw()
    deviation = (0.05 * 0.95 / patterns.size) ** 0.5
    assert abs((patterns > 0).mean() - 0.05) < 5 * deviation


def test_leaves_of_a_tree_overlap_by_their_distance() -> None:
    """Two levels above the patterns: overlaps of likeness², likeness⁴, and 0."""
    patterns = Memories(20_000, 16 / 20_000, tree=(2, 4), likeness=0.8).draw()
    overlaps = patterns @ patterns.T / 20_000
    for other, expected in ((4, 0.8**2), (2, 0.8**4), (1, 0.0)):
        assert overlaps[0, other] == pytest.approx(expected, abs=5 / 20_000**0.5)


@pytest.mark.parametrize(
    "values",
    [
        {"units": 0},
        {"load": 0.001},
        {"load": -1.0},
        {"level": 1.5},
        {"likeness": -0.1},
        {"tree": (0,)},
        {"seed": -1},
    ],
)
def test_an_impossible_task_is_refused(values: dict) -> None:
    source = Memories(**{"units": 100, "load": 0.1} | values)
    for make in (source.open, source.outline):
        with pytest.raises(RequestError, match=r"data\.source: got Memories\("):
            make()


def test_images_are_those_of_the_archive() -> None:
    source = ImageMemories(count=30, threshold=100)
    (window,) = source.open().train.windows(None)
    archive = Path(darnax.__file__).parent / "data" / "bundled"
    pixels = read_idx(archive / "train-images-idx3-ubyte.gz")[:30, :, :, None]
    np.testing.assert_array_equal(window.inputs > 0, pixels > 100)
    np.testing.assert_array_equal(window.inputs, window.targets)
    assert source.outline().train.example() == source.open().train.example()


@pytest.mark.parametrize("count", [0, 60_001])
def test_a_number_of_images_that_there_is_not_is_refused(count: int) -> None:
    for make in (ImageMemories(count).open, ImageMemories(count).outline):
        with pytest.raises(RequestError, match=f"count: got {count}, expected from 1 to 60000"):
            make()
