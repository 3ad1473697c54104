"""Configuration files of launchers. Oracle: the schemas of the plugins."""

import dataclasses
import importlib
import re
from pathlib import Path

import pytest
import yaml
from hydra.types import RunMode
from sampling import one_of

from darnax.composing import config_folders
from darnax.composing.composer import Composer
from darnax.extras import install_command
from darnax.sweeps import hydra_launcher, hydra_request
from darnax.sweeps.hydra_request import compose_point

SCHEMAS = {
    "joblib": "hydra_joblib_launcher.config:JobLibLauncherConf",
    "submitit_local": "hydra_submitit_launcher.config:LocalQueueConf",
    "submitit_slurm": "hydra_submitit_launcher.config:SlurmQueueConf",
}
FILES = sorted(
    path.stem for path in (config_folders.packaged_folder() / "hydra" / "launcher").glob("*.yaml")
)


def test_every_launcher_has_a_file():
    assert set(FILES) == {"basic", "batched", "ray", *SCHEMAS}


@pytest.mark.parametrize("name", FILES)
def test_a_launcher_file_composes_without_warnings(name):
    config = Composer().compose([f"hydra/launcher={name}"], RunMode.MULTIRUN)
    assert config.hydra.launcher._target_.endswith("Launcher")


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_launcher_file_has_every_setting_of_the_plugin(name):
    module, _, schema = SCHEMAS[name].partition(":")
    fields = dataclasses.fields(getattr(importlib.import_module(f"hydra_plugins.{module}"), schema))
    file = config_folders.packaged_folder() / "hydra" / "launcher" / f"{name}.yaml"
    assert set(yaml.safe_load(file.read_text())) == {field.name for field in fields}


@pytest.mark.parametrize(
    "file",
    one_of(4, sorted((config_folders.packaged_folder() / "sweep").glob("*.yaml"))),
    ids=lambda file: file.stem,
)
def test_every_shipped_sweep_has_points(file):
    composer = Composer()
    experiment = re.search(r"\+experiment=\w+", file.read_text())[0]  # in its first comment
    config = composer.compose([experiment, f"+sweep={file.stem}"], RunMode.MULTIRUN)
    swept = [
        override
        for override in hydra_request.swept_overrides(config, composer)
        if override.is_sweep_override()
    ]
    assert swept
    point = [
        *(f"{o.get_key_element()}=1" for o in swept),
        experiment,
        f"+sweep={file.stem}",
    ]
    assert compose_point(composer, [], point).config["data"]["validation"] > 0


def test_a_launcher_that_is_not_installed_is_named(lab):
    lab.write({"configs/hydra/launcher/mine.yaml": "_target_: hydra_plugins.hydra_mine.MyLauncher"})
    result = lab("train", "-m", "hydra/launcher=mine", "seed=1,2")
    assert result.exit_code == 2
    assert (
        "hydra/launcher=mine: hydra_plugins.hydra_mine.MyLauncher is not installed" in result.stderr
    )
    assert not (lab.place / "outputs").exists()


def test_an_unusable_launcher_is_refused_before_a_folder_is_created(lab, monkeypatch):
    shipped = Path(__file__).parents[2] / "configs" / "hydra" / "launcher"
    for name in ("joblib", "submitit_slurm", "ray"):
        lab.write({f"configs/hydra/launcher/{name}.yaml": (shipped / f"{name}.yaml").read_text()})
    monkeypatch.setenv("PATH", str(lab.place))
    monkeypatch.setattr(hydra_launcher, "find_spec", lambda name: None if name == "ray" else name)
    wrong = {
        "hydra/launcher=submitit_slurm": "there is no srun on the PATH",
        "hydra/launcher=ray": f"needs ray, which is not installed; {install_command('ray')}",
        "hydra/launcher=joblib hydra.launcher.n_jobs=0": "hydra.launcher.n_jobs: got 0",
        "+hydra.launcher.no_such_thing=1": "cannot be made",
    }
    before = lab.left()
    for words, says in wrong.items():
        result = lab("train", "-m", "seed=1,2", *words.split())
        assert result.exit_code == 2
        assert says in result.stderr
        assert lab.left() == before


def test_a_sweep_on_slurm_can_be_listed_without_slurm(lab, monkeypatch):
    shipped = Path(__file__).parents[2] / "configs" / "hydra" / "launcher" / "submitit_slurm.yaml"
    lab.write({"configs/hydra/launcher/submitit_slurm.yaml": shipped.read_text()})
    monkeypatch.setenv("PATH", str(lab.place))
    words = ["seed=1,2", "hydra/launcher=submitit_slurm", "hydra.launcher.partition=long"]
    result = lab("train", "-m", *words, "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert "seed=2" in result.stdout
    launcher = next(line for line in result.stdout.splitlines() if line.startswith("launcher"))
    assert launcher.startswith("launcher submitit_slurm: timeout_min=60 ")
    assert " partition=long" in launcher
    assert "null" not in launcher
    assert "None" not in launcher


@pytest.mark.parametrize("name", ["submitit_slurm", "submitit_local"])
@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (["hydra.launcher.nodes=1", "hydra.launcher.tasks_per_node=1"], []),
        (["hydra.launcher.nodes=2"], ["nodes"]),
        (
            ["hydra.launcher.nodes=2", "hydra.launcher.tasks_per_node=3"],
            ["nodes", "tasks_per_node"],
        ),
    ],
)
def test_several_tasks_for_a_point_are_refused(lab, name, words, refused):
    """Oracle: submitit starts `nodes × tasks_per_node` processes, and a point is trained by one."""
    shipped = Path(__file__).parents[2] / "configs" / "hydra" / "launcher" / f"{name}.yaml"
    lab.write({f"configs/hydra/launcher/{name}.yaml": shipped.read_text()})
    before = lab.left()
    result = lab("train", "-m", "seed=1,2", f"hydra/launcher={name}", *words, "--dry-run")
    assert result.exit_code == (2 if refused else 0), result.stderr
    said = " ".join(result.stderr.split())
    for key in ("nodes", "tasks_per_node"):
        assert (f"hydra.launcher.{key}: got" in said) == (key in refused)
    assert said.count("a point of a sweep is trained by one process") == len(refused)
    assert lab.left() == before


def test_files_of_a_launcher_are_in_a_new_folder(tmp_path):
    """Submitit unpickles results from its folder: a predictable name could hold foreign files."""
    places = set()
    for _ in range(2):
        composer = Composer()
        config = composer.compose(["hydra/launcher=submitit_local"], RunMode.MULTIRUN)
        with hydra_launcher.launcher(
            config, composer, tmp_path, lambda overrides: None
        ) as launcher:
            places.add(str(launcher.params["submitit_folder"]))
    assert len(places) == 2
    assert all(
        place.startswith(str(tmp_path / ".submitit")) and place.endswith("/%j") for place in places
    )
    assert not (tmp_path / ".submitit").exists()
