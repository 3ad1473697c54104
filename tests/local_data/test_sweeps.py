"""Sweeps over data of one's own, with a runner that trains nothing. Oracle: a point run alone."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made import bars
from typer.testing import CliRunner

from darnax.cli.app import app
from darnax.runner.run_session import RunSession

WORDS = [
    "train",
    "+experiment=digits_smoke",
    "model.depth=1",
    "model.features=20",
    "model.adapters.w_in.patch=null",
    "data=arrays",
    "data.path=my.npz",
    "data.per_class=null",
    "data.batch_size=4",
    "tracking=local",
]


def finish(sessions: list[RunSession], _: object, **options: object) -> list[dict[str, object]]:
    """Stand for the training of some runs: write what a finished run leaves."""
    del options
    metrics = {"eval/accuracy": 0.5}
    for session in sessions:
        row = {"step": 1, "epoch": 1.0, **metrics}
        session.folder.metrics.write_text(json.dumps(row) + "\n")
    return [
        session.folder.write_summary(status="finished", metrics=metrics) for session in sessions
    ]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A directory with a file of arrays, and the command line in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "sets"))
    monkeypatch.setattr("darnax.runner.train.train", finish)
    monkeypatch.setattr("darnax.laboratory.training.keep_compiled_programs", lambda: None)
    images, labels = bars(60)
    np.savez("my.npz", x=images, y=labels)

    def command(*words: str) -> str:
        result = CliRunner().invoke(app, list(words), prog_name="darnax")
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    return command


def read_all(name: str) -> list[str]:
    """Return the content of a file of every run folder of a sweep."""
    return [file.read_text() for file in sorted(Path().glob(f"outputs/*/sweeps/*/2*/{name}"))]


def test_batched_points_record_the_digest_of_their_data(lab: Callable[..., str]) -> None:
    # The third point is left over, and runs alone.
    lab(*WORDS, "-m", "seed=1,2,3", "hydra/launcher=batched", "hydra.launcher.lanes=2")
    digests = read_all("data.sha256")
    assert len(digests) == 3
    assert len(set(digests)) == 1


@pytest.mark.slow
def test_an_interrupted_group_is_not_resumed_with_other_data(
    lab: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab(*WORDS, "-m", "seed=1,2", "hydra/launcher=batched")
    for file in Path().glob("outputs/*/sweeps/*/2*/summary.json"):
        file.write_text(json.dumps({**json.loads(file.read_text()), "status": "interrupted"}))
    images, labels = bars(60, seed=1)
    np.savez("my.npz", x=images, y=labels)
    trained: list[object] = []
    monkeypatch.setattr("darnax.runner.train.train", lambda sessions, *_: trained.append(sessions))
    (sweep,) = Path().glob("outputs/*/sweeps/*")
    result = CliRunner().invoke(app, ["sweep", "resume", str(sweep)])
    assert result.exit_code == 2
    assert "have changed since the run was started" in " ".join(result.output.split())
    assert not trained


def test_the_points_of_a_resumed_search_read_open_values_from_the_data(
    lab: Callable[..., str],
) -> None:
    pytest.importorskip("optuna")
    j_d = "model.layers.hidden.j_d=interval(0.2,0.8)"
    lab(*WORDS, "-m", "hydra/sweeper=optuna", j_d, "hydra.sweeper.n_trials=1")
    (sweep,) = Path().glob("outputs/*/sweeps/*")
    lab("sweep", "resume", str(sweep), "hydra.sweeper.n_trials=3")
    shapes = [text.partition("shape:")[2].split()[:4] for text in read_all("config.yaml")]
    assert len(shapes) == 3
    assert shapes == [shapes[0]] * 3
    assert "null" not in shapes[0]
