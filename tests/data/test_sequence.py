"""Frames in order. Oracles: `numpy.roll`, and the source of the frames."""

from typing import Any

import numpy as np
import pytest

from darnax.data import ImageMemories, Memories, Sequence
from darnax.errors import RequestError

FRAMES = Memories(units=50, load=0.2, seed=1)


def read(source: Sequence) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the inputs and the targets of the training and of the test split."""
    dataset = source.open()
    found = {}
    for name in ("train", "test"):
        (window,) = getattr(dataset, name).windows(None)
        found[name] = np.asarray(window.inputs), np.asarray(window.targets)
    assert dataset.validation is None
    return found


def test_the_target_of_a_frame_comes_after_it() -> None:
    frames = FRAMES.draw()
    found = read(Sequence(FRAMES, ahead=13))
    for name, steps in (("train", 1), ("test", 13)):
        inputs, targets = found[name]
        np.testing.assert_array_equal(inputs, frames)
        np.testing.assert_array_equal(targets, np.roll(frames, -steps, axis=0))


def test_a_list_ends_with_its_last_frame() -> None:
    frames = FRAMES.draw()
    found = read(Sequence(FRAMES, ahead=8, cycle=False))
    np.testing.assert_array_equal(found["train"][1], [*frames[1:], frames[-1]])
    np.testing.assert_array_equal(found["test"][1], [*frames[8:], *[frames[-1]] * 8])


@pytest.mark.parametrize("frames", [FRAMES, ImageMemories(count=7)])
def test_the_outline_has_the_same_sizes(frames: Any) -> None:
    source = Sequence(frames, ahead=2)
    for split in ("train", "test"):
        opened, outlined = (getattr(made(), split) for made in (source.open, source.outline))
        assert (len(opened), opened.example()) == (len(outlined), outlined.example())


@pytest.mark.parametrize("ahead", [0, -1, 1.5])
def test_an_impossible_number_of_steps_is_refused(ahead: Any) -> None:
    for make in (Sequence(FRAMES, ahead).open, Sequence(FRAMES, ahead).outline):
        with pytest.raises(RequestError, match=f"ahead: got {ahead}, expected an integer of at"):
            make()


def test_the_message_of_the_source_of_frames_stays() -> None:
    with pytest.raises(RequestError, match=r"data\.source: got Memories\("):
        Sequence(Memories(units=0, load=1.0)).open()
