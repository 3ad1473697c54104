"""Recall of a stored pattern. Oracles: the patterns; a loop over steps; the scores of `predict`."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

import darnax
from darnax.api.recalling import Recall
from darnax.cli.app import app
from darnax.data import Memories
from darnax.errors import RequestError

UNITS, LOAD = 200, 0.25
WORDS = [
    "+experiment=memory",
    "tracking=local",
    f"data.source.units={UNITS}",
    "data.batch_size=50",
    "data.disturb.cue.share=0.15",
    "runner.epochs=100",
    "runner.evaluate_every=100",
]


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> darnax.Run:
    """A run that has stored 50 patterns of 200 units."""
    place = tmp_path_factory.mktemp("outputs")
    return darnax.train(*WORDS, f"paths.outputs={place}", progress=False)


@pytest.fixture(scope="module")
def patterns() -> np.ndarray:
    return Memories(UNITS, LOAD, seed=0).draw()


def flip(patterns: np.ndarray, share: float) -> np.ndarray:
    flips = np.random.default_rng(1).random(patterns.shape) < share
    return np.where(flips, -patterns, patterns)


def test_the_relaxed_network_recalls_and_one_step_does_not(
    memory: darnax.Run, patterns: np.ndarray
) -> None:
    """One step leaves each of 50 patterns whole with a chance below 1e-3."""
    assert memory.metrics["test/accuracy"].values[-1] >= 0.9
    assert memory.metrics["train/accuracy"].values[-1] == 1.0  # all are fixed points
    cue = flip(patterns, 0.15)
    found = memory.recall(cue)
    whole = (found.trajectory == patterns).all(axis=2).mean(axis=1)
    assert whole[0] == 0
    assert whole[1] <= 0.04
    assert whole[-1] >= 0.9


def test_the_trajectory_is_that_of_a_loop(memory: darnax.Run, patterns: np.ndarray) -> None:
    cue = flip(patterns, 0.2)[:5]
    found = memory.recall(cue)
    couplings, state = np.asarray(memory.network.layer_map["hidden"].J), cue
    assert not np.any(np.diagonal(couplings))
    changes = np.zeros(5, int)
    for time, states in enumerate(found.trajectory):
        np.testing.assert_array_equal(states, state)
        assert found.overlaps[time] == pytest.approx(np.mean(state * found.memory, axis=1))
        after = np.where(state @ couplings >= 0, 1.0, -1.0)
        changes[(after != state).any(axis=1)] = time + 1
        state = after
    np.testing.assert_array_equal(found.steps, changes)
    assert found.is_fixed.all()
    assert found.cue_overlaps == pytest.approx(np.mean(cue * found.memory, axis=1))


def test_the_analysis_of_a_phase_with_clean_inputs_is_that_of_the_patterns(
    memory: darnax.Run,
) -> None:
    """All patterns are fixed points, so that no unit flips in `stable`, whatever the cue is."""
    found = memory.analyse(only=["relaxation", "margins"], progress=False)
    assert [row[4] for row in found["relaxation"].rows if row[2] == "stable"] == [0.0]
    margins = [row for row in found["margins"].rows if row[1] == "after" and row[3] > 0]
    assert margins
    assert min(row[2] for row in margins) > 0


def test_the_trajectory_of_a_clean_cue_is_that_of_recall(
    memory: darnax.Run, patterns: np.ndarray
) -> None:
    """The run flips entries of every cue in `predict`, and not in `recall`."""
    cue = flip(patterns, 0.1)[:5]
    found = memory.trajectory(cue, clean=True)
    expected = memory.recall(cue).trajectory
    shown = found.phases.index("recall")
    np.testing.assert_array_equal(found.states["hidden"][shown:], expected)
    disturbed = memory.trajectory(cue).states["hidden"][shown]
    assert 0 < np.mean(disturbed != cue) < 0.5


def test_the_command_prints_the_table_and_writes_a_picture(
    memory: darnax.Run, patterns: np.ndarray, tmp_path: Path
) -> None:
    cue, picture, out = (tmp_path / name for name in ("cue.npy", "recall.png", "out.npy"))
    np.save(cue, flip(patterns, 0.1)[:2])
    words = ["recall", str(memory.folder), "--cue", str(cue), "--png", str(picture)]
    done = CliRunner().invoke(app, [*words, "--out", str(out)])
    assert done.exit_code == 0, done.output
    found = memory.recall(np.load(cue))
    assert repr(found) in done.output
    np.testing.assert_array_equal(np.load(out), found.memory)
    height, width, _ = cv2.imread(str(picture)).shape
    assert width > height
    np.save(cue, patterns[0])  # one cue needs no axis of examples
    done = CliRunner().invoke(app, words)
    assert done.output.splitlines()[1].split() == ["0", "0", "yes", "1.000"]
    assert repr(memory.recall(patterns[0])) == repr(memory.recall(patterns[:1]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.zeros((2, 7)), r"cue.npy: got inputs of shape \[2, 7\]"),
        (np.full((2, UNITS), np.nan), "cue.npy: got a cue with infinities or NaN"),
        (np.zeros((0, UNITS)), "cue.npy: got no cue"),
        (np.array(["a"] * UNITS), "cue.npy: got an array of <U1, expected numbers"),
        (None, "is not an npy file; save it with numpy.save"),
    ],
)
def test_a_bad_cue_is_refused_in_a_sentence(
    memory: darnax.Run, tmp_path: Path, content: np.ndarray | None, message: str
) -> None:
    cue = tmp_path / "cue.npy"
    cue.write_text("0, 1")
    if content is not None:
        np.save(cue, content)
    words = ["recall", str(memory.folder), "--cue", str(cue), "--png", str(tmp_path / "a.png")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert re.search(message, " ".join(done.output.split()))
    assert not (tmp_path / "a.png").exists()


def test_an_npz_file_is_no_cue(memory: darnax.Run, tmp_path: Path) -> None:
    cue = tmp_path / "cue.npz"
    np.savez(cue, x=np.ones((1, UNITS)))
    done = CliRunner().invoke(app, ["recall", str(memory.folder), "--cue", str(cue)])
    assert done.exit_code == 2
    expected = "cue.npz is an npz file, expected an npy file; save one array with numpy.save"
    assert expected in " ".join(done.output.split())


def test_a_classifier_recalls_no_pattern(trained: darnax.Run) -> None:
    with pytest.raises(RequestError, match=r"inputs of \[28, 28, 1\] and outputs of \[10\], exp"):
        trained.recall(np.zeros((1, 28, 28, 1)))


def test_a_picture_of_vectors_and_of_cues_that_do_not_settle(tmp_path: Path) -> None:
    """Oracle: the number of tiles, 48 pixels and 4 between them, with 16 around the steps."""
    cue = np.ones((1, 16), np.float32)
    trajectory = np.stack([cue, -cue, cue])
    found = Recall(cue, trajectory, np.array([2]))
    assert not found.is_fixed[0]
    picture = cv2.imread(str(found.to_png(tmp_path / "a.png")))
    assert picture.shape == (52 + 4, 4 * 52 + 32, 3)


def test_hebbs_rule_on_an_empty_network_makes_the_couplings_of_hopfield(tmp_path: Path) -> None:
    """The oracle is the closed form, the sum of ξ_i ξ_j over the patterns, up to a factor."""
    run = darnax.train(
        "+experiment=memory",
        "optimizer=memorise",
        "~model.layers.hidden.rule",
        "+model.layers.hidden.rule={_target_: darnax.rules.Hebbian}",
        "+model.layers.hidden.strength=0",
        "data.source.units=100",
        "data.source.load=0.05",
        "data.batch_size=5",
        "runner.epochs=1",
        "runner.evaluate_every=1",
        "runner.checkpoint_every=1",
        "tracking=local",
        f"paths.outputs={tmp_path}",
        progress=False,
    )
    patterns = Memories(100, 0.05, seed=0).draw()
    expected = patterns.T @ patterns
    np.fill_diagonal(expected, 0)
    couplings = np.asarray(run.network.layer_map["hidden"].J)
    factor = couplings[0, 1] / expected[0, 1]
    assert factor > 0
    np.testing.assert_allclose(couplings, factor * expected, rtol=1e-5, atol=1e-6)
    assert run.metrics["test/accuracy"].values[-1] == 1.0
