"""Runs from the configuration of a run. Oracle: the arrays in checkpoints, and the overrides."""

from pathlib import Path

import pytest
import yaml
from safetensors.numpy import load_file
from small_experiments import TASK

from darnax.composing.composer import compose
from darnax.runner.run_folder import RunFolder


def layers(run: Path) -> int:
    """Count the couplings of hidden layers in the newest checkpoint of a run."""
    arrays = load_file(max((run / "checkpoints").rglob("*.safetensors")))
    return len([name for name in arrays if name.startswith("arrays/") and name.endswith("/J")])


@pytest.fixture
def first(darnax) -> Path:
    assert (result := darnax("train", *TASK, "tracking=local", "model.depth=2")).exit_code == 0, (
        result.output
    )
    (run,) = Path("outputs/digits_smoke").iterdir()
    return run


@pytest.mark.slow
def test_a_sweep_over_depth_from_a_run_trains_networks_of_these_depths(darnax, first):
    result = darnax("train", "-m", "--config", first / "config.yaml", "model.depth=1,3")
    assert result.exit_code == 0, result.output
    (sweep,) = Path("outputs/digits_smoke/sweeps").iterdir()
    runs = [path.parent for path in sweep.glob("*/config.yaml")]
    assert sorted(map(layers, runs)) == [1, 3]
    assert layers(first) == 2
    for run in runs:  # and each of them can be changed in its turn
        config = run / "config.yaml"
        depth = yaml.safe_load(config.read_text())["model"]["depth"]
        assert compose(["model.depth=5"], config)["model"]["buffers"]["hidden"]["repeat"] == 5
        assert compose([], config) == compose([*TASK, "tracking=local", f"model.depth={depth}"])


@pytest.mark.slow
def test_a_new_run_of_more_epochs_has_longer_schedules(darnax, first):
    words = ["--config", first / "config.yaml", "runner.epochs=2"]
    assert (result := darnax("train", *words)).exit_code == 0, result.output
    (longer,) = (run for run in Path("outputs/digits_smoke").iterdir() if run != first)
    config = RunFolder(longer).config()
    assert config["runner"]["epochs"] == 2
    assert config["optimizer"]["groups"]["w_in"]["learning_rate"]["decay_steps"] == "2 epochs"


@pytest.mark.slow
def test_a_run_of_an_earlier_version_is_evaluated_analysed_and_compared(darnax, first):
    (first / "composed.yaml").unlink()
    assert darnax("eval", first, "data.batch_size=5").exit_code == 0
    assert darnax("compare", "outputs/digits_smoke").exit_code == 0
    assert (result := darnax("analyse", first, "data.batch_size=5")).exit_code == 0, result.output
    refused = darnax("train", "--config", first / "config.yaml", "model.depth=1")
    assert refused.exit_code == 2
    assert "model.buffers.hidden.repeat: was computed from model.depth" in refused.output
    RunFolder(first).write_summary(status="interrupted")
    assert darnax("train", "--resume", first).exit_code == 0


@pytest.mark.slow
def test_changed_data_settings_of_a_run_change_derived_values(darnax, first):
    config = compose(["data.source.inputs=30"], first / "config.yaml")
    assert config["data"]["shape"] == config["model"]["buffers"]["input"] == [30]
    assert darnax("eval", first, "data.source.load=0.2").exit_code == 0
    assert darnax("eval", first, "data=mnist").exit_code == 2
