"""Replay of a sequence. Oracles: the frames, loops in numpy, Hebb's couplings in closed form."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import darnax
from darnax.analysis.replay import longest_replay
from darnax.cli.app import app
from darnax.data import Memories

UNITS, SHARE = 100, 0.1


def words(frames: int, *more: str) -> list[str]:
    """Return overrides for a cycle of a number of frames, all in one batch."""
    return [
        "tracking=local",
        f"data.source.frames.units={UNITS}",
        f"data.source.frames.load={frames / UNITS}",
        f"data.source.ahead={frames + 20}",
        f"data.batch_size={frames}",
        *more,
    ]


def draw(frames: int) -> np.ndarray:
    return Memories(UNITS, frames / UNITS, seed=0).draw()


def flip(frames: np.ndarray) -> np.ndarray:
    flips = np.random.default_rng(1).random(frames.shape) < SHARE
    return np.where(flips, -frames, frames)


def signs(x: np.ndarray) -> np.ndarray:
    return np.where(x >= 0, 1.0, -1.0)


@pytest.fixture(scope="module")
def sequence(tmp_path_factory: pytest.TempPathFactory) -> darnax.Run:
    """A run that has stored a cycle of 40 frames of 100 units."""
    place = tmp_path_factory.mktemp("outputs")
    more = ["model.features=200", "runner.epochs=300", f"paths.outputs={place}"]
    return darnax.train("+experiment=sequence", *words(40, *more), progress=False)


def test_a_cycle_is_replayed_whole_from_a_disturbed_frame(sequence: darnax.Run) -> None:
    frames = draw(40)
    found = sequence.recall(flip(frames), frames)
    assert found.replayed is not None
    assert (found.replayed >= 40).mean() >= 0.9
    assert sequence.metrics["train/accuracy"].values[-1] == 1.0
    assert sequence.metrics["test/accuracy"].values[-1] >= 0.9


def test_every_step_is_one_frame_of_a_loop(sequence: darnax.Run) -> None:
    modules = sequence.network.layer_map
    w_in, w_out = (np.asarray(modules[name].W) for name in ("w_in", "w_out"))
    state = flip(draw(40))[:5]
    for states in sequence.recall(state).trajectory:
        np.testing.assert_array_equal(states, state)
        state = signs(signs(state @ w_in) @ w_out)


@pytest.mark.parametrize(("count", "is_whole"), [(4, True), (40, False)])
def test_hebb_replays_below_its_capacity_alone(tmp_path: Path, count: int, is_whole: bool) -> None:
    """Couplings `Σ_t x_{t+1} x_tᵀ`; a field has crosstalk of variance `(count − 1) / units`."""
    place = f"paths.outputs={tmp_path}"
    run = darnax.train("+experiment=sequence_hebb", *words(count, place), progress=False)
    frames = draw(count)
    expected = frames.T @ np.roll(frames, -1, axis=0)
    couplings = np.asarray(run.network.layer_map["w_out"].W)
    np.testing.assert_allclose(couplings * (count * UNITS) ** 0.5, expected, atol=1e-3)
    replayed = run.recall(flip(frames), frames).replayed
    assert replayed is not None
    assert (replayed >= count).all() == is_whole
    assert is_whole or replayed.max() < count / 2


def test_the_longest_stretch_is_that_of_a_naive_loop() -> None:
    """With frames that occur twice, steps that go wrong, and frames that come out of order."""
    rng = np.random.default_rng(0)
    frames = np.where(rng.random((6, 1, 3)) < 0.5, 1.0, -1.0)
    path = rng.integers(0, 6, (30, 8))
    follows = rng.random((30, 8)) < 0.8
    for t in range(1, 30):
        path[t] = np.where(follows[t], (path[t - 1] + 1) % 6, path[t])
    trajectory = frames[path]
    for n, count in enumerate(longest_replay(trajectory, frames)):
        assert count == naive_stretch(trajectory[:, n], frames)


def naive_stretch(states: np.ndarray, frames: np.ndarray) -> int:
    longest = 0
    for first in range(len(states)):
        for frame in range(len(frames)):
            count = 0
            while first + count < len(states):
                if not np.array_equal(states[first + count], frames[(frame + count) % len(frames)]):
                    break
                count += 1
            longest = max(longest, count)
    return longest


def test_the_command_counts_frames_in_order(sequence: darnax.Run, tmp_path: Path) -> None:
    cue, frames = tmp_path / "cue.npy", tmp_path / "frames.npy"
    np.save(cue, flip(draw(40))[0])
    np.save(frames, draw(40))
    request = ["recall", str(sequence.folder), "--cue", str(cue)]
    picture = ["--png", str(tmp_path / "replay.png")]
    done = CliRunner().invoke(app, [*request, "--frames", str(frames), *picture])
    assert done.exit_code == 0, done.output
    assert repr(sequence.recall(np.load(cue)[None], draw(40))) in done.output
    assert "frames in order" in done.output
    assert (tmp_path / "replay.png").exists()
    np.save(frames, np.zeros((2, 7)))
    done = CliRunner().invoke(app, [*request, "--frames", str(frames), "--png", "no.png"])
    assert done.exit_code == 2
    assert "frames.npy: got inputs of shape [2, 7]" in " ".join(done.output.split())
