"""A run folder on another machine, whose paths and devices are not there. Oracle: the run where it was made."""

import pytest

from darnax.composing.composition import Composed
from darnax.laboratory.machine import chosen_data, composed_here, is_of_a_run, with_devices_here, with_paths_here
from darnax.runner import checkpoint


@pytest.fixture
def moved(run):
    """A run whose folders were those of another machine."""
    text = (run / "config.yaml").read_text().splitlines()
    places = {"  data:": "/absent/tfds", "  outputs:": "/absent/outputs", "  devices:": "64"}
    changed = [next((f"{key} {value}" for key, value in places.items() if line.startswith(f"{key} ")), line) for line in text]
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
    assert checkpoint.latest(moved / "checkpoints")


def test_a_place_that_is_there_stays_and_another_becomes_the_default(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    saved = {"paths": {"data": "/absent", "outputs": str(tmp_path)}}
    assert with_paths_here(saved)["paths"] == {"data": str(tmp_path), "outputs": str(tmp_path)}
    assert "/absent does not exist here" in caplog.text
    assert with_paths_here(saved, "/elsewhere")["paths"]["data"] == "/elsewhere"
    assert with_paths_here({"paths": 3}) == {"paths": 3}
    assert chosen_data(["trust=[a]"]) is None


def test_a_new_run_from_its_configuration_makes_no_folder_of_the_other_machine(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    file = tmp_path / "config.yaml"
    config = {"seed": 3, "paths": {"data": "/absent/tfds", "outputs": "/absent/outputs"}}
    saved = Composed(config, {**config, "seed": "${runner.epochs}"})
    assert not is_of_a_run(file)
    (tmp_path / "summary.json").write_text("{}")
    assert is_of_a_run(file)
    here = composed_here(saved, ["seed=3"])
    assert here.resolved["paths"] == here.tree["paths"] == {"data": str(tmp_path), "outputs": "outputs"}
    assert here.tree["seed"] == "${runner.epochs}"
    assert "/absent/tfds does not exist here" in caplog.text
    assert composed_here(saved, ["paths.data=/absent/tfds"]) is saved


def test_what_is_no_place_of_data_is_refused(darnax, run):
    for words in (["eval", run, "paths.outputs=x"], ["train", "--resume", run, "paths.outputs=x"], ["eval", run, "seed=1"]):
        result = darnax(*words)
        assert result.exit_code == 2
        assert "paths.data=" in result.stderr


def test_a_batch_size_larger_than_the_data_is_no_matter_for_an_evaluation(darnax, run):
    one, other = darnax("eval", run), darnax("eval", run, "data.batch_size=10000")
    assert other.exit_code == 0, other.output
    assert one.stdout == other.stdout


def test_fewer_devices_share_a_batch_evenly(task):
    from dataclasses import replace

    from darnax.builder import build

    experiment = build(task)
    many = replace(experiment, runner=replace(experiment.runner, devices=64))
    assert with_devices_here(many).runner.devices == 1
    assert with_devices_here(experiment) is experiment


def test_a_resume_under_other_settings_of_jax_names_them(darnax, run):
    """The run is made to have begun under another setting."""
    import json

    import jax

    environment = json.loads((run / "environment.json").read_text())
    was = not jax.config.jax_threefry_partitionable
    environment["jax"]["jax_threefry_partitionable"] = was
    (run / "environment.json").write_text(json.dumps(environment))
    result = darnax("train", "--resume", run)
    assert result.exit_code == 0, result.output
    told = f"jax_threefry_partitionable was {was} when this run began and is {not was}"
    assert f"warning: {told}" in result.stderr
    assert told in (run / "train.log").read_text()
