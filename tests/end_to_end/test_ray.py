"""Sweeps on a local Ray of two CPUs. Oracle: the same sweep with the default launcher."""

import signal

import pytest

from .conftest import SMALL, Workspace, summary
from .test_sweeps import LONG, check_resumed, folders, results, wait_for_checkpoints

pytestmark = pytest.mark.ray
RAY = ["hydra/launcher=ray", "hydra.launcher.ray.init.num_cpus=2"]


def test_three_points_have_the_results_of_the_default_launcher(workspace: Workspace) -> None:
    output = workspace.darnax("train", "-m", *SMALL, "seed=0,1,2", *RAY)
    assert "3 of 3 points finished" in output
    assert "Warning" not in output
    (there,) = folders(workspace)
    workspace.darnax("train", "-m", *SMALL, "seed=0,1,2")
    (here,) = set(folders(workspace)) - {there}
    assert len(results(there)) == 3
    assert results(there) == results(here)


def test_a_point_that_diverges_is_reported_and_the_others_finish(workspace: Workspace) -> None:
    points = "optimizer.groups.w_in.learning_rate.init_value=0.1,1e30,0.2"
    output = workspace.darnax("train", "-m", *SMALL, points, *RAY, code=1)
    assert "2 of 3 points finished · 1 failed" in output
    assert "RunError: w_in: its change is NaN" in output
    (sweep,) = folders(workspace)
    ends = [summary(path.parent)["status"] for path in sweep.glob("*/summary.json")]
    assert sorted(ends) == ["failed", "finished", "finished"]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_the_points_and_the_resumed_sweep_equals_one_never_stopped(
    workspace: Workspace, signum: signal.Signals
) -> None:
    process = workspace.start("train", "-m", *LONG, "seed=0,1,2", *RAY)
    wait_for_checkpoints(process, workspace, 1)
    process.send_signal(signum)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 128 + signum, output
    (cut,) = folders(workspace)
    assert f"darnax sweep resume {cut}" in output
    ends = {summary(path.parent)["status"] for path in cut.glob("*/summary.json")}
    assert "interrupted" in ends
    check_resumed(workspace, cut, *LONG, "seed=0,1,2")
