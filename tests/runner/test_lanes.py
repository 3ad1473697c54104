"""Runs trained as one program. Oracle: each of them alone."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from synthetic_task import dataset, experiment

from darnax.errors import RunError
from darnax.runner.run_folder import RunFolder
from darnax.runner.run_session import RunSession
from darnax.runner.stop_signals import Interrupted
from darnax.runner.train import train
from darnax.tracking.jsonl import Jsonl
from darnax.tracking.pruning import Pruned

POINTS = (["seed=5", "model.layers.hidden.j_d=0.4"], ["seed=9"])
LENGTH = [
    "runner.epochs=4",
    "runner.evaluate_every=2",
    "runner.checkpoint_every=1",
    "runner.keep=9",
]
HALF_WAY = 20  # steps, of 40


class Watched(Jsonl):
    """Calls a function at half of the run."""

    def __init__(self, path: Path, keep_until: int, event: Callable[[], None]) -> None:
        super().__init__(path, keep_until)
        self.event = event

    def log(self, metrics, *, step, epoch) -> None:
        super().log(metrics, step=step, epoch=epoch)
        if step == HALF_WAY:
            self.event()

    def finish(self, summary) -> None:
        super().finish(summary)
        self.final_summary = summary


def lane(
    folder: RunFolder, overrides: list[str], event: Callable[[], None] = lambda: None
) -> RunSession:
    made = experiment(*LENGTH, *overrides)
    return RunSession(made, folder, lambda progress: Watched(folder.metrics, progress.step, event))


def lanes(place: Path, *events: Callable[[], None]) -> list[RunSession]:
    folders = [RunFolder.create(place, "lanes", {}, [], command=[]) for _ in POINTS]
    return list(map(lane, folders, POINTS, *([events] if events else [])))


def without_times(numbers: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in numbers.items() if not name.startswith("time/")}


def assert_same(one: RunFolder, other: RunFolder) -> None:
    record, expected = one.summary(), other.summary()
    assert [record[key] for key in ("status", "steps", "epochs")] == [
        expected[key] for key in ("status", "steps", "epochs")
    ]
    assert without_times(record["metrics"]) == pytest.approx(
        without_times(expected["metrics"]), rel=1e-4, abs=1e-5
    )
    assert record["best"] == pytest.approx(expected["best"])
    assert record["best"]["eval/accuracy"] > 0
    found, wanted = (
        [json.loads(line) for line in f.metrics.read_text().splitlines()] for f in (one, other)
    )
    found, wanted = (
        [row for row in map(without_times, rows) if len(row) > 2] for rows in (found, wanted)
    )
    assert len(found) == len(wanted) == 40
    for row, expected in zip(found, wanted, strict=True):
        assert row == pytest.approx(expected, rel=1e-4, abs=1e-5)
    files = {path.name for path in other.checkpoints.iterdir()}
    assert {path.name for path in one.checkpoints.iterdir()} == files > {"best.safetensors"}
    for name in files:
        arrays, expected = load_file(one.checkpoints / name), load_file(other.checkpoints / name)
        assert arrays.keys() == expected.keys()
        for leaf in arrays:
            np.testing.assert_allclose(
                arrays[leaf], expected[leaf], rtol=1e-4, atol=1e-5, err_msg=f"{name} {leaf}"
            )


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> list[RunFolder]:
    """Train the same runs one after the other."""
    made = lanes(tmp_path_factory.mktemp("alone"))
    for each in made:
        train([each], dataset())
    return [each.folder for each in made]


def test_every_lane_equals_a_separate_run(tmp_path, alone):
    made = lanes(tmp_path)
    summaries = train(made, dataset())
    assert summaries == [each.folder.summary() for each in made]
    assert summaries[0]["metrics"]["norm/w_out"] != summaries[1]["metrics"]["norm/w_out"]
    for each, other in zip(made, alone, strict=True):
        assert_same(each.folder, other)


def test_a_signal_saves_all_lanes_and_each_resumes_alone(tmp_path, alone):
    made = lanes(tmp_path, lambda: os.kill(os.getpid(), signal.SIGINT), lambda: None)
    with pytest.raises(Interrupted):
        train(made, dataset())
    for each, overrides, other in zip(made, POINTS, alone, strict=True):
        assert (each.folder.summary()["status"], each.folder.summary()["steps"]) == (
            "interrupted",
            HALF_WAY,
        )
        assert (each.folder.checkpoints / f"step-{HALF_WAY:010d}.safetensors").is_file()
        train([lane(each.folder, overrides)], dataset())
        assert_same(each.folder, other)


def test_lanes_at_the_same_step_resume_as_a_group(tmp_path, alone):
    made = lanes(tmp_path, lambda: os.kill(os.getpid(), signal.SIGTERM), lambda: None)
    with pytest.raises(Interrupted):
        train(made, dataset())
    train(
        [lane(each.folder, overrides) for each, overrides in zip(made, POINTS, strict=True)],
        dataset(),
    )
    for each, other in zip(made, alone, strict=True):
        assert_same(each.folder, other)


def test_an_error_in_one_lane_fails_all_and_each_resumes_alone(tmp_path, alone):
    def fail() -> None:
        raise OSError("the disk is full")

    made = lanes(tmp_path, lambda: None, fail)
    with pytest.raises(RunError, match="the disk is full"):
        train(made, dataset())
    for each, overrides, other in zip(made, POINTS, alone, strict=True):
        assert each.folder.summary()["status"] == "failed"
        assert "the disk is full" in each.folder.log.read_text()
        train([lane(each.folder, overrides)], dataset())
        assert_same(each.folder, other)


@pytest.mark.parametrize(
    ("status", "error", "why"),
    [("pruned", Pruned(), None), ("failed", ValueError("no"), "ValueError: no")],
)
def test_the_status_is_recorded_and_reported(tmp_path, status, error, why):
    def end() -> None:
        raise error

    made = lanes(tmp_path, lambda: None, end)
    with pytest.raises(type(error)):
        train(made, dataset())
    for each in made:
        assert each.tracker.final_summary == each.folder.summary()
        assert (each.folder.summary()["status"], each.folder.summary().get("reason")) == (
            status,
            why,
        )
