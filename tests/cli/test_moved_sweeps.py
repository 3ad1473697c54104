"""Sweeps from another machine, and sweeps that start from a run of another machine."""

import json
from pathlib import Path

import pytest


def write_optuna(lab):
    """Copy the shipped sweeper to the packaged configurations of the test."""
    shipped = Path(__file__).parents[2] / "configs" / "hydra" / "sweeper" / "optuna.yaml"
    lab.write_packaged({"hydra/sweeper/optuna.yaml": shipped.read_text()})


def carry(sweep, to):
    """Change the folder of datasets in a record."""
    record = sweep / "sweep.json"
    record.write_text(record.read_text().replace("~/sets", str(to)))


def test_a_sweep_from_another_machine_uses_the_datasets_of_this_one(lab, sweep):
    carry(sweep, "/absent/sets")
    result = lab("sweep", "resume", str(sweep))
    assert result.exit_code == 0, result.output
    assert [c["paths"]["data"] for c in lab.configs] == ["~/sets"] * 2
    warning = "/absent/sets does not exist here; the data are looked for in ~/sets"
    assert result.stderr.count(warning) == 1
    assert "looked for" not in lab("sweep", "resume", str(sweep)).stderr  # nothing is left to do


def test_a_sweep_whose_datasets_exist_keeps_their_folder(lab, sweep, tmp_path):
    carry(sweep, tmp_path)
    result = lab("sweep", "resume", str(sweep))
    assert result.exit_code == 0, result.output
    assert [c["paths"]["data"] for c in lab.configs] == [str(tmp_path)] * 2
    assert "looked for" not in result.stderr


def test_a_run_that_began_with_other_paths_is_resumed(lab):
    """Values derived from paths do not affect results, as paths do not."""
    lab.write({"configs/data/sets.yaml": "folder: ${paths.data}/mine"})
    lab.kill_at(3)
    lab("train", "-m", "+data=sets", "seed=1,2,3")
    folder = lab.calls[0]["sweep"]
    lab.fail = lambda config: None
    carry(folder, "/absent/sets")
    (folder / "run-2" / "summary.json").write_text('{"status": "interrupted"}')
    assert lab("sweep", "resume", str(folder)).exit_code == 0
    assert lab.calls[-2] == {"resume": folder / "run-2"}
    assert lab.calls[-1]["config"]["data"] == {"folder": "~/sets/mine"}


SEARCH = ["hydra/sweeper=optuna", "hydra.sweeper.n_trials=4", "hydra.sweeper.metric=loss"]


@pytest.mark.parametrize("way", [[], SEARCH])
def test_a_sweep_from_a_run_of_another_machine_uses_the_datasets_of_this_one(lab, way):
    paths = {"data": "/absent/sets", "outputs": "/absent/outputs"}
    run = {"name": "first", "seed": 0, "paths": paths}
    lab.write({"run/config.yaml": json.dumps(run), "run/summary.json": "{}"})
    start = ["train", "-m", "--config", "run/config.yaml", "seed=range(1,3)", *way]
    write_optuna(lab)
    lab.kill_at(2)
    result = lab(*start)
    assert lab.calls, result.output
    (folder,) = lab.place.glob("outputs/first/sweeps/*")
    lab.fail = lambda config: None
    resumed = lab("sweep", "resume", str(folder))
    assert resumed.exit_code == 0, resumed.output
    assert {c["paths"]["data"] for c in lab.configs} == {"~/sets"}
    assert {c["paths"]["outputs"] for c in lab.configs} == {"outputs"}


def test_new_points_of_a_moved_search_use_the_datasets_of_this_machine(lab):
    write_optuna(lab)
    lab.kill_at(2)
    lab("train", "-m", "seed=range(1,3)", "paths.data=/absent/sets", *SEARCH)
    (folder,) = lab.place.glob("outputs/*/sweeps/*")
    assert {c["paths"]["data"] for c in lab.configs} == {"/absent/sets"}  # as requested
    lab.fail = lambda config: None
    lab.calls.clear()
    assert lab("sweep", "resume", str(folder)).exit_code == 0
    assert {c["paths"]["data"] for c in lab.configs} == {"~/sets"}
