"""A batched sweep, interrupted and resumed. Oracle: the same sweep, one point after the other."""

import signal
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from .conftest import Workspace, summary
from .test_sweeps import LONG, folders, results, wait_for_checkpoints

POINTS = [*LONG, "model.depth=1", "runner.epochs=60", "seed=0,1", "model.layers.hidden.j_d=0.5,0.7"]


def by_point(sweep: Path) -> dict[str, Path]:
    return {
        (path.parent / "overrides.yaml").read_text(): path.parent
        for path in sweep.glob("*/summary.json")
    }


def assert_same(sweep: Path, other: Path) -> None:
    """Compare configurations, metrics and checkpoints, up to the order of summation."""
    found, expected = results(sweep), results(other)
    assert found.keys() == expected.keys()
    for name in found:
        config, rows, *facts, numbers = found[name]
        config_, rows_, *facts_, numbers_ = expected[name]
        assert (config, facts) == (config_, facts_)
        assert numbers == pytest.approx(numbers_, rel=1e-4, abs=1e-5)
        for row, row_ in zip(rows, rows_, strict=True):
            assert row == pytest.approx(row_, rel=1e-4, abs=1e-5)
    for name, run in by_point(other).items():
        mine = by_point(sweep)[name]
        assert sorted(p.relative_to(mine) for p in mine.rglob("*")) == sorted(
            p.relative_to(run) for p in run.rglob("*")
        )
        for file in (run / "checkpoints").iterdir():
            arrays, arrays_ = load_file(mine / "checkpoints" / file.name), load_file(file)
            assert arrays.keys() == arrays_.keys()
            for leaf in arrays:
                np.testing.assert_allclose(arrays[leaf], arrays_[leaf], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_batched_points_equal_sequential_points(workspace: Workspace) -> None:
    workspace.darnax("train", "-m", *POINTS)
    (alone,) = folders(workspace)
    process = workspace.start(
        "train", "-m", *POINTS, "hydra/launcher=batched", "hydra.launcher.lanes=3"
    )
    wait_for_checkpoints(process, workspace, 4 + 3)
    (cut,) = set(folders(workspace)) - {alone}
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 130, output
    assert [summary(run)["status"] for run in by_point(cut).values()] == ["interrupted"] * 3
    assert f"darnax sweep resume {cut}" in output
    assert "4 of 4 points finished" in workspace.darnax("sweep", "resume", str(cut))
    assert_same(cut, alone)


@pytest.mark.slow
def test_a_diverging_point_does_not_fail_the_others(workspace: Workspace) -> None:
    """The group fails, and the sweep runs each point alone. Oracle: a sweep without that point."""
    small = [*LONG, "model.depth=1", "runner.epochs=4", "runner.evaluate_every=2"]
    rate = "optimizer.groups.w_in.learning_rate.init_value"
    workspace.darnax("train", "-m", *small, f"{rate}=0.1,0.2")
    (whole,) = folders(workspace)
    together = ["hydra/launcher=batched", "hydra.launcher.lanes=3"]
    output = workspace.darnax("train", "-m", *small, f"{rate}=0.1,1e30,0.2", *together, code=1)
    (sweep,) = set(folders(workspace)) - {whole}
    assert "failed: w_in: its change is NaN" in output
    runs, expected = by_point(sweep), by_point(whole)
    (failed,) = (run for name, run in runs.items() if "1e+30" in name or "1e30" in name)
    assert (summary(failed)["status"], summary(failed)["reason"].partition(":")[0]) == (
        "failed",
        "w_in",
    )
    for name, run in expected.items():
        assert results(sweep)[name] == results(whole)[name]
        assert summary(runs[name])["status"] == summary(run)["status"] == "finished"


@pytest.mark.slow
def test_a_sweep_over_a_gain_is_one_batch(workspace: Workspace) -> None:
    """Oracle: the same points, one after the other."""
    small = ["+experiment=mnist_ep", "model.features=20", "data.per_class=10", "tracking=local"]
    small += ["runner.epochs=2", "runner.evaluate_every=1", "data.batch_size=20"]
    descent = ["optimizer.default._target_=optax.sgd", "optimizer.default.learning_rate=0.1"]
    points = [*small, *descent, "dynamics.train.towards.messages.nudge=0.2,0.5,1.0"]
    workspace.darnax("train", "-m", *points)
    (alone,) = folders(workspace)
    workspace.darnax("train", "-m", *points, "hydra/launcher=batched", "hydra.launcher.lanes=3")
    (together,) = set(folders(workspace)) - {alone}
    assert_same(together, alone)
