"""Points of a sweep that share a program, and their status after a failure."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from darnax.cli.app import app
from darnax.composing.composer import Composer
from darnax.data import Streamed
from darnax.errors import RequestError
from darnax.laboratory import data_opening, training
from darnax.locks import is_locked
from darnax.runner.checkpoint import save
from darnax.runner.run_folder import RunFolder
from darnax.sweeps import batched
from darnax.sweeps.batched import batched_groups, run_batched, same_step
from darnax.sweeps.hydra_request import compose_point
from darnax.sweeps.point import Objective, Point
from darnax.sweeps.record import Record, append_note, read_notes

SMALL = ["+experiment=digits_smoke", "model.depth=1", "model.features=20", "tracking=local"]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    record = Record(tmp_path, [], None, tmp_path, [])
    record.write()
    return record


@cache
def composed(words: str) -> Point:
    return compose_point(Composer(), [], [*SMALL, *words.split()])


def sweep(record: Record, *overrides: str) -> Record:
    """Record the points of a sweep; each string holds the overrides of a point."""
    record.points = [deepcopy(composed(words)) for words in overrides]
    record.write()
    return record


def seen(record: Record, lanes: int = 8) -> list[list[str]]:
    found = batched_groups(record, record.points, lanes)
    return [[" ".join(point.overrides[len(SMALL) :]) for point, _ in group] for group in found]


def test_points_that_differ_in_numbers_and_seeds_share_a_program(record):
    numbers = [
        "seed=1",
        "seed=2 model.layers.hidden.j_d=0.1",
        "optimizer.groups.w_in.learning_rate.init_value=0.9",
    ]
    deep = ["model.depth=2 seed=1", "model.depth=2 seed=2"]
    assert seen(sweep(record, numbers[0], deep[0], numbers[1], deep[1], numbers[2])) == [
        numbers,
        deep,
    ]


def test_noise_levels_share_a_program_and_kinds_of_noise_do_not(record):
    levels = [f"+data.disturb.noise.share={share}" for share in (0.1, 0.2)]
    other = "+data.disturb.noise={share: 0.1, kind: gaussian}"
    assert seen(sweep(record, levels[0], other, levels[1])) == [levels]


def test_gains_and_factors_share_a_program_unless_another_phase_is_scored(record):
    nudge = "dynamics=published dynamics.train.clamped.messages={w_back:%s,w_in:1}"
    points = [nudge % gain for gain in (0.5, -2, 3)]
    assert seen(sweep(record, *points, nudge % 0)) == [points]


def test_points_that_differ_otherwise_share_no_program(record):
    others = [
        "model.features=30",
        "dynamics.train.free.steps=7",
        "data.per_class=20",
        "data.batch_size=10",
        "data.validation=100",
        "runner.epochs=3",
        "runner.evaluate_every=2",
        "runner.replicas=2",
        "model.layers.hidden.no_such_thing=1",
        "+model.layers.hidden.no_such_thing=1",
    ]
    assert seen(sweep(record, "seed=1", *others, "seed=2", "runner.replicas=2 seed=2")) == [
        ["seed=1", "seed=2"]
    ]


WARMUP = (
    "+optimizer.groups.w_in.learning_rate={_target_:optax.warmup_cosine_decay_schedule,init_value:0,"
    "peak_value:%s,warmup_steps:10,decay_steps:100}"
)


@pytest.mark.slow
def test_points_that_differ_in_compiled_constants_share_no_program(record):
    """The schedule branches in Python on its peak: two peaks are two programs; seeds are traced."""
    slow, fast = (f"~optimizer.groups.w_in.learning_rate {WARMUP % peak}" for peak in (0.1, 0.5))
    other = "optimizer.groups.hidden.learning_rate.init_value=0.9"
    points = [
        f"{slow} seed=1",
        f"{fast} seed=1",
        f"{slow} seed=2",
        f"{fast} {other}",
        f"{slow} {other}",
    ]
    assert seen(sweep(record, *points)) == [
        [points[0], points[2], points[4]],
        [points[1], points[3]],
    ]


def test_groups_are_at_most_as_large_as_requested(record):
    sweep(record, *(f"seed={seed}" for seed in range(5)))
    assert seen(record, lanes=2) == [["seed=0", "seed=1"], ["seed=2", "seed=3"]]


def begun(record: Record, point: Point, step: int | None, status: str = "interrupted") -> None:
    """Create the run of a point, with a checkpoint if it has a step."""
    folder = RunFolder.create(
        record.folder.parent, record.folder.name, point.config, point.overrides, command=[]
    )
    folder.write_summary(status=status)
    append_note(record.note(point), "")
    if step is not None:
        meta = {"seconds": 1.0, "wall_seconds": 1.0, "best": -1.0, "metrics": {}}
        save(folder.checkpoints, step, {"weights": np.zeros(2)}, meta, keep=1)


def test_points_interrupted_at_the_same_step_resume_as_a_group(record):
    sweep(record, *(f"seed={seed}" for seed in range(7)))
    for point, step in zip(record.points, [20, 10, 20, None, 10, 20], strict=False):
        begun(record, point, step)
    append_note(record.note(record.points[5]), "failed: why")
    assert sorted(seen(record)) == [
        ["seed=0", "seed=2"],
        ["seed=1", "seed=4"],
        ["seed=3", "seed=6"],
    ]


def test_finished_points_are_not_started_again(record):
    sweep(record, "seed=0", "seed=1", "seed=2")
    begun(record, record.points[1], 20, "finished")
    assert seen(record) == [["seed=0", "seed=2"]]
    assert not same_step(record, record.points)
    assert same_step(record, record.points[::2])


def test_points_that_may_be_pruned_run_alone(record):
    sweep(record, "seed=0", "seed=1").goal = Objective(
        pruner={"_target_": "optuna.pruners.MedianPruner"}
    )
    assert seen(record) == []


def test_points_of_a_failed_group_run_alone(record, monkeypatch, caplog):
    sweep(record, "seed=0", "seed=1", "seed=2", "model.depth=2")
    asked = []

    def fail(record, group):
        asked.append([experiment.seed for _, experiment in group])
        assert all(is_locked(record.note(point)) for point in record.points[:2])
        if len(asked) == 1:
            raise MemoryError("too wide")

    monkeypatch.setattr(batched, "train_batched", fail)
    assert run_batched(record.folder, 3, record.points) == record.points
    assert caplog.messages == ["3 points run one by one: MemoryError: too wide"]
    assert [read_notes(record.note(point)) for point in record.points] == [[""], [""], [""], []]
    assert not any(is_locked(record.note(point)) for point in record.points)
    assert asked == [[0, 1, 2]]


def test_points_of_a_finished_group_are_finished(record, monkeypatch):
    monkeypatch.setattr(batched, "train_batched", lambda record, group: None)
    sweep(record, "seed=0", "model.depth=2", "seed=1")
    assert run_batched(record.folder, 8, record.points) == [record.points[1]]


def test_no_group_starts_while_the_sweep_is_being_stopped(record, monkeypatch):
    monkeypatch.setattr(
        batched, "train_batched", lambda record, group: pytest.fail("it is being stopped")
    )
    record.stop.touch()
    sweep(record, "seed=0", "seed=1")
    assert run_batched(record.folder, 8, record.points) == record.points
    assert not any(read_notes(record.note(point)) for point in record.points)


def test_with_one_lane_no_points_are_grouped(tmp_path):
    assert run_batched(tmp_path / "not read", 1, [1, 2]) == [1, 2]


@pytest.fixture
def groups(tmp_path, monkeypatch) -> list[list[int]]:
    """Return a list that collects the seeds of every group given to a fake runner."""
    seeds = []

    def train(lanes, dataset, **_):
        seeds.append([lane.experiment.seed for lane in lanes])
        return [
            lane.folder.write_summary(status="finished", metrics={"eval/accuracy": 0.5})
            for lane in lanes
        ]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("darnax.runner.train.train", train)
    monkeypatch.setattr(data_opening, "open_data", lambda *_, **known: SimpleNamespace(train=None))
    monkeypatch.setattr(data_opening, "require_epochs", lambda *_: None)
    monkeypatch.setattr(training, "keep_compiled_programs", lambda: None)
    return seeds


def test_the_launcher_makes_a_folder_for_every_point(tmp_path, groups):
    asked = ["seed=0,1,2", "hydra/launcher=batched", "hydra.launcher.lanes=2"]
    result = CliRunner().invoke(app, ["train", "-m", *SMALL, *asked])
    assert result.exit_code == 0, result.output
    assert groups == [[0, 1], [2]]
    runs = sorted(tmp_path.glob("outputs/digits_smoke/sweeps/*/*/summary.json"))
    configs = [yaml.safe_load((path.parent / "config.yaml").read_text()) for path in runs]
    overrides = [yaml.safe_load((path.parent / "overrides.yaml").read_text()) for path in runs]
    assert sorted(
        (config["seed"], point) for config, point in zip(configs, overrides, strict=True)
    ) == [(seed, [*SMALL, f"seed={seed}"]) for seed in range(3)]
    assert CliRunner().invoke(app, ["sweep", "resume", str(runs[0].parents[1])]).exit_code == 0
    assert len(groups) == 2


def test_the_number_of_lanes_must_be_a_positive_integer(tmp_path, groups):
    result = CliRunner().invoke(
        app, ["train", "-m", *SMALL, "seed=0,1", "hydra/launcher=batched", "hydra.launcher.lanes=0"]
    )
    assert result.exit_code == 2
    assert "hydra.launcher.lanes: got 0, expected a number of points from 1" in result.stderr
    assert not (tmp_path / "outputs").exists()


def test_seeds_that_order_streamed_data_share_no_program(tmp_path, groups, monkeypatch):
    monkeypatch.setattr(
        data_opening,
        "open_data",
        lambda *_, **known: SimpleNamespace(train=Streamed.__new__(Streamed)),
    )
    record = sweep(Record(tmp_path / "chain", [], None, tmp_path, []), "seed=0", "seed=1")
    (group,) = batched_groups(record, record.points, 8)
    with pytest.raises(
        RequestError, match=r"data\.memory_gib: the order of streamed data depends on the seed"
    ):
        batched.train_batched(record, group)
    batched.train_batched(record, [(point, group[0][1]) for point, _ in group])
    assert groups == [[0, 0]]


def test_an_interrupted_group_is_resumed_in_its_own_folders(tmp_path, groups):
    record = sweep(Record(tmp_path / "chain", [], None, tmp_path, []), "seed=0", "seed=1", "seed=2")
    for point in record.points[1:]:
        begun(record, point, 20)
    before = record.runs()
    assert run_batched(record.folder, 8, record.points) == [record.points[0]]
    assert groups == [[1, 2]]
    assert record.runs() == before
