"""A run folder moved to another machine. Oracle: the run on its own machine."""

import os
from dataclasses import replace

import pytest
from small_experiments import TASK

from darnax.bounded_yaml import load_plain
from darnax.composing.composer import Composer
from darnax.errors import RequestError
from darnax.laboratory.machine import (
    compose_here,
    data_folder_in,
    with_devices_here,
    with_paths_here,
)
from darnax.runner import checkpoint
from darnax.runner.run_folder import RunFolder
from darnax.sweeps.hydra_request import compose_point
from darnax.sweeps.moved_points import point_at, point_here
from darnax.sweeps.point import Point
from darnax.sweeps.record import Record


@pytest.fixture
def moved(run):
    """Return a run whose paths are those of another machine."""
    text = (run / "config.yaml").read_text().splitlines()
    places = {"  data:": "/absent/tfds", "  outputs:": "/absent/outputs", "  devices:": "64"}
    changed = [
        next(
            (f"{key} {value}" for key, value in places.items() if line.startswith(f"{key} ")), line
        )
        for line in text
    ]
    assert changed != text
    (run / "config.yaml").write_text("\n".join(changed))
    return run


@pytest.mark.parametrize("more", [[], pytest.param(["paths.data=."], marks=pytest.mark.slow)])
def test_it_is_evaluated_analysed_and_resumed(darnax, moved, more):
    evaluated = darnax("eval", moved, *more)
    assert evaluated.exit_code == 0, evaluated.output
    analysed = darnax("analyse", moved, "--only", "couplings", *more)
    assert analysed.exit_code == 0, analysed.output
    resumed = darnax("train", "--resume", moved, *more)
    assert resumed.exit_code == 0, resumed.output
    assert "64 were used" in resumed.stderr
    assert checkpoint.find_latest(moved / "checkpoints")


def test_an_existing_path_is_kept_and_a_missing_one_becomes_the_default(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    saved = {"paths": {"data": "/absent", "outputs": str(tmp_path)}}
    assert with_paths_here(saved)["paths"] == {"data": str(tmp_path), "outputs": str(tmp_path)}
    assert "/absent does not exist here" in caplog.text
    assert with_paths_here(saved, "/elsewhere")["paths"]["data"] == "/elsewhere"
    assert with_paths_here({"paths": 3}) == {"paths": 3}
    assert data_folder_in(["trust=[a]"]) is None


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """Return a run of another machine with a value derived from its data folder."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    config = {
        "name": "first",
        "seed": 3,
        "paths": {"data": "/absent/tfds", "outputs": "/absent/outputs"},
        "extra": "/absent/tfds/labels",
    }
    tree = {**config, "extra": "${paths.data}/labels"}
    run = RunFolder.create(tmp_path, "first", config, [], composed=tree, command=[])
    return run.path / "config.yaml"


def test_a_new_run_from_its_configuration_uses_the_paths_of_this_machine(foreign, tmp_path, caplog):
    found = compose_here(["seed=4"], foreign)
    expected = {"data": str(tmp_path), "outputs": "outputs"}
    assert found.resolved["paths"] == found.tree["paths"] == expected
    assert found.resolved["extra"] == f"{tmp_path}/labels"
    assert found.tree["extra"] == "${paths.data}/labels"
    assert "/absent/tfds does not exist here; the data are looked for" in caplog.text


def test_a_path_that_the_command_line_gives_is_taken_as_it_is(foreign, caplog):
    found = compose_here(["paths.data=/absent/other"], foreign).resolved
    assert found["paths"] == {"data": "/absent/other", "outputs": "outputs"}
    assert found["extra"] == "/absent/other/labels"
    assert "looked for" not in caplog.text


def test_a_configuration_outside_a_run_keeps_its_paths(foreign):
    foreign.with_name("summary.json").unlink()
    assert compose_here([], foreign).resolved["paths"]["data"] == "/absent/tfds"


def test_values_that_cannot_follow_the_paths_are_named(foreign):
    """A config.yaml without composed.yaml."""
    foreign.with_name("composed.yaml").unlink()
    foreign.write_text(foreign.read_text() + "computed_from: {extra: [paths.data]}\n")
    with pytest.raises(RequestError, match=r"extra: was computed from paths\.data, which changes"):
        compose_here([], foreign)
    assert compose_here(["extra=/here"], foreign).resolved["extra"] == "/here"


@pytest.fixture
def record(tmp_path, monkeypatch):
    """Return a sweep of another machine whose points have not started."""
    monkeypatch.chdir(tmp_path)
    words = [*TASK, "tracking=local", "paths.data=/absent/tfds", "+data.labels.extra=${paths.data}"]
    points = [compose_point(Composer(), [], [*words, f"seed={seed}"]) for seed in range(2)]
    folder = tmp_path / "outputs" / "digits_smoke" / "sweeps" / "one"
    return Record(folder, words, None, tmp_path, [], points)


def test_a_point_of_another_machine_uses_the_paths_of_this_one(
    record,
    tmp_path,
    monkeypatch,
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    (point, _), (here, _) = record.points, map(point_here, record.points)
    assert here.config["paths"]["data"] == here.config["data"]["labels"]["extra"] == str(tmp_path)
    assert here.composed["data"]["labels"]["extra"] == "${paths.data}"
    assert point_at(here, point.config).config == point.config
    assert point_here(here) is here
    assert point_here(replace(point, composed=None)).config["paths"] == here.config["paths"]
    lying = replace(point, composed={**point.composed, "trust": ["evil"]})
    assert "evil" not in str(point_here(lying))
    assert point_here(Point((), None, "why")) == Point((), None, "why")


@pytest.mark.parametrize(
    "launcher",
    [
        ["hydra/launcher=basic"],
        pytest.param(["hydra/launcher=batched", "hydra.launcher.lanes=2"], marks=pytest.mark.slow),
        pytest.param(["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"], marks=pytest.mark.slow),
    ],
)
def test_new_points_of_a_moved_sweep_use_the_data_of_this_machine(darnax, record, launcher):
    """In this process, as lanes of one program, and in worker processes."""
    record.points = list(map(buildable, record.points))
    record.overrides += launcher
    record.write()
    result = darnax("sweep", "resume", record.folder)
    assert result.exit_code == 0, result.output
    runs = Record.read(record.folder).runs()
    assert len(runs) == 2
    sets = os.environ["TFDS_DATA_DIR"]
    for run in runs.values():
        assert RunFolder.open(run).config()["paths"]["data"] == sets
        assert load_plain((run / "composed.yaml").read_text())["paths"]["data"] == sets
    recorded = [point.config["paths"]["data"] for point in Record.read(record.folder).points]
    assert recorded == ["/absent/tfds"] * 2
    again = darnax("sweep", "resume", record.folder)
    assert again.exit_code == 0, again.output


def buildable(point):
    """Return a point without keys that the builder does not accept."""
    parts = []
    for config in (point.config, point.composed):
        labels = {key: value for key, value in config["data"]["labels"].items() if key != "extra"}
        parts.append({**config, "data": {**config["data"], "labels": labels}})
    return replace(point, config=parts[0], composed=parts[1])


def test_overrides_other_than_the_data_folder_are_refused(darnax, run):
    for words in (
        ["eval", run, "paths.outputs=x"],
        ["train", "--resume", run, "paths.outputs=x"],
        ["eval", run, "seed=1"],
    ):
        result = darnax(*words)
        assert result.exit_code == 2
        assert "paths.data=" in result.stderr


def test_a_batch_size_larger_than_the_data_does_not_affect_an_evaluation(darnax, run):
    one, other = darnax("eval", run), darnax("eval", run, "data.batch_size=10000")
    assert other.exit_code == 0, other.output
    assert one.stdout == other.stdout


def test_a_batch_is_split_evenly_over_fewer_devices(task):
    from darnax.builder import build

    experiment = build(task)
    many = replace(experiment, runner=experiment.runner.model_copy(update={"devices": 64}))
    assert with_devices_here(many).runner.devices == 1
    assert with_devices_here(experiment) is experiment


def test_a_resume_under_other_settings_of_jax_names_them(darnax, run):
    """The recorded setting of the run is changed."""
    import json

    import jax

    environment = json.loads((run / "environment.json").read_text())
    was = not jax.config.jax_threefry_partitionable
    environment["jax"]["jax_threefry_partitionable"] = was
    (run / "environment.json").write_text(json.dumps(environment))
    result = darnax("train", "--resume", run)
    assert result.exit_code == 0, result.output
    difference = f"jax_threefry_partitionable was {was} when this run began and is {not was}"
    assert f"warning: {difference}" in result.stderr
    assert difference in (run / "train.log").read_text()
