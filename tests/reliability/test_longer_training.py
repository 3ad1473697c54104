"""A finished run that is trained longer. Oracle: one run of all its epochs, bit by bit."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from small_experiments import TASK

from darnax.runner.run_folder import RunFolder

GROUPS = ("hidden", "w_in", "w_out")
RATES = {group: f"optimizer.groups.{group}.learning_rate" for group in GROUPS}
CONSTANT = [f"{key}=0.1" for key in RATES.values()]
TARGET = "extlab.optimizer.two_cosines"


def train(darnax, *words: str) -> Path:
    """Train a run and return its folder."""
    before = set(Path("outputs").glob("digits_smoke/*"))
    result = darnax("train", *TASK, "tracking=local", "model.depth=1", *words)
    assert result.exit_code == 0, result.output
    (folder,) = set(Path("outputs").glob("digits_smoke/*")) - before
    return folder


def last_weights(run: Path) -> dict[str, np.ndarray]:
    """Return the arrays of the network in the newest checkpoint."""
    arrays = load_file(max((run / "checkpoints").glob("[!b]*.safetensors")))
    return {name: value for name, value in arrays.items() if name.startswith("arrays/")}


def scores(run: Path) -> list[dict[str, float]]:
    """Return the rows of metrics.jsonl but for times, and what a shorter run logs at its end."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    left_out = ("time/", "test/", "operations/")
    kept = [
        {name: value for name, value in row.items() if not name.startswith(left_out)}
        for row in rows
    ]
    return [row for row in kept if len(row) > 2]


def require_equal(longer: Path, whole: Path) -> None:
    """Assert that two runs have the same weights and the same metrics, bit by bit."""
    ours, theirs = last_weights(longer), last_weights(whole)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)
    assert scores(longer) == scores(whole)


def test_with_constant_rates_a_longer_training_is_the_run_of_all_its_epochs(darnax):
    run = train(darnax, *CONSTANT)
    refused = darnax("train", "--resume", run)
    assert refused.exit_code == 2
    advice = refused.output.split("train longer with: ")[1].split()
    assert advice == ["darnax", "train", "--resume", str(run), "runner.epochs=..."]
    short = darnax("train", "--resume", run, "runner.epochs=1")
    assert short.exit_code == 2
    assert "got 1, expected an integer larger than 1" in short.output
    result = darnax("train", "--resume", run, "runner.epochs=3")
    assert result.exit_code == 0, result.output
    require_equal(run, train(darnax, *CONSTANT, "runner.epochs=3"))
    summary = RunFolder(run).summary()
    assert (summary["status"], summary["epochs"]) == ("finished", 3)
    assert summary["lengthened"] == [{"step": summary["steps"] // 3, "epochs": 1}]
    assert "learning rate jumps" not in result.output


def test_a_schedule_that_follows_the_number_of_epochs_is_warned_of(darnax):
    """Oracle: the three groups, whose `decay_steps` is the number of epochs of the run."""
    run = train(darnax)
    steps = RunFolder(run).summary()["steps"]
    result = darnax("train", "--resume", run, "runner.epochs=2")
    assert result.exit_code == 0, result.output
    first = f"{RATES['hidden']}.decay_steps and {len(GROUPS) - 1} others follow runner.epochs"
    assert f"{first}, which is now 2: at step {steps} the learning rate jumps" in result.output


@pytest.mark.slow
def test_a_schedule_in_epochs_of_the_run_has_the_new_number_from_the_last_step_on(darnax):
    run = train(darnax)
    before = RunFolder(run).config()["optimizer"]["groups"]
    steps = RunFolder(run).summary()["steps"]
    assert darnax("train", "--resume", run, "runner.epochs=3").exit_code == 0
    replaced = []
    for group, key in RATES.items():
        rate = before[group]["learning_rate"]
        numbers = f"init_value: {rate['init_value']}, alpha: {rate['alpha']}"
        lengths = f"first_steps: {steps}, then_steps: {3 * steps}, change_at: {steps}"
        replaced += [f"~{key}", f"+{key}={{_target_: {TARGET}, {numbers}, {lengths}}}"]
    whole = train(darnax, "runner.epochs=3", "trust=[extlab]", *replaced)
    require_equal(run, whole)


@pytest.mark.slow
def test_a_run_that_is_killed_while_its_configuration_is_written_is_trained_longer(
    darnax, monkeypatch
):
    from darnax.runner import run_folder

    run = train(darnax, *CONSTANT)
    write, written = run_folder.write_atomically, []

    def killed(path, content):
        written.append(path.name)
        if path.name == "composed.yaml":
            raise KeyboardInterrupt
        write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "write_atomically", killed)
        assert darnax("train", "--resume", run, "runner.epochs=2").exit_code == 130
    assert "config.yaml" in written
    assert darnax("train", "--resume", run).exit_code == 0
    require_equal(run, train(darnax, *CONSTANT, "runner.epochs=2"))


def test_a_point_of_a_sweep_is_trained_longer_as_a_copy(darnax):
    """Oracles: the commands that the refusal prints; the state of the sweep before them."""
    words = [*TASK, "tracking=local", "model.depth=1", *CONSTANT]
    assert darnax("train", "-m", *words, "seed=0,1").exit_code == 0
    (sweep,) = Path("outputs").glob("digits_smoke/sweeps/*")
    status = darnax("sweep", "status", sweep).output
    point = min(path.parent for path in sweep.glob("*/summary.json"))
    refused = darnax("train", "--resume", point, "runner.epochs=3")
    assert refused.exit_code == 2
    assert "cannot change in a run of a sweep" in refused.output
    advice = " ".join(refused.output.split()).partition("train a copy longer: ")[2]
    copy = f"outputs/digits_smoke/{point.name}"
    assert advice.startswith(
        f"cp -r {point} {copy} && darnax train --resume {copy} runner.epochs=3"
    )
    shutil.copytree(point, copy)
    assert darnax("train", "--resume", copy, "runner.epochs=3").exit_code == 0
    assert RunFolder(Path(copy)).summary()["epochs"] == 3
    assert darnax("sweep", "status", sweep).output == status
