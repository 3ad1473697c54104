"""The launchers' files compose without a word, and say all that can be said to a launcher. Oracle: the plugins' own schemas."""

import dataclasses
import importlib

import pytest
import yaml
from hydra.types import RunMode

from darnax.cli import configs, hydra_sweep
from darnax.cli.hydra_adapter import Composer

SCHEMAS = {
    "joblib": "hydra_joblib_launcher.config:JobLibLauncherConf",
    "submitit_local": "hydra_submitit_launcher.config:LocalQueueConf",
    "submitit_slurm": "hydra_submitit_launcher.config:SlurmQueueConf",
}
FILES = sorted(path.stem for path in (configs.packaged() / "hydra" / "launcher").glob("*.yaml"))


def test_every_launcher_has_a_file():
    assert set(FILES) == {"basic", "batched", "ray", *SCHEMAS}


@pytest.mark.parametrize("name", FILES)
def test_it_composes_in_silence(name):
    config = Composer().compose([f"hydra/launcher={name}"], RunMode.MULTIRUN)
    assert config.hydra.launcher._target_.endswith("Launcher")


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_says_all_that_the_plugin_can_be_told(name):
    module, _, schema = SCHEMAS[name].partition(":")
    fields = dataclasses.fields(getattr(importlib.import_module(f"hydra_plugins.{module}"), schema))
    file = configs.packaged() / "hydra" / "launcher" / f"{name}.yaml"
    assert set(yaml.safe_load(file.read_text())) == {field.name for field in fields}


@pytest.mark.parametrize("file", sorted((configs.packaged() / "sweep").glob("*.yaml")), ids=lambda file: file.stem)
def test_every_sweep_that_is_shipped_has_points(file):
    composer = Composer()
    config = composer.compose(["+experiment=mnist_chain", f"+sweep={file.stem}"], RunMode.MULTIRUN)
    swept = [override for override in hydra_sweep.arguments(config, composer) if override.is_sweep_override()]
    assert swept
    point = [*(f"{o.get_key_element()}=1" for o in swept), "+experiment=mnist_chain", f"+sweep={file.stem}"]
    assert composer.point([], point).config["data"]["validation"] > 0


def test_a_launcher_that_is_not_installed_is_named(lab):
    lab.write({"configs/hydra/launcher/mine.yaml": "_target_: hydra_plugins.hydra_mine.MyLauncher"})
    result = lab("train", "-m", "hydra/launcher=mine", "seed=1,2")
    assert result.exit_code == 2
    assert "hydra/launcher=mine: hydra_plugins.hydra_mine.MyLauncher is not installed" in result.stderr
    assert not (lab.place / "outputs").exists()
