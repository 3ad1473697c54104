"""Sweeps killed and resumed, or run in other processes. Oracle: the same sweep, uninterrupted."""

import json
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from .conftest import SMALL, Workspace, rows, summary

LONG = [*SMALL, "runner.epochs=24", "runner.checkpoint_every=2", "runner.evaluate_every=12"]


def folders(workspace: Workspace) -> list[Path]:
    return sorted(path.parent for path in workspace.place.glob("outputs/*/sweeps/*/sweep.json"))


def results(sweep: Path) -> dict[str, list]:
    """Return configuration and metrics of every point, without those that depend on the clock."""
    found = {}
    for run in sorted(path.parent for path in sweep.glob("*/summary.json")):
        final = summary(run)
        logged = [{k: v for k, v in row.items() if not k.startswith("time/")} for row in rows(run)]
        numbers = {k: v for k, v in final["metrics"].items() if not k.startswith("time/")}
        name = (run / "overrides.yaml").read_text()
        assert name not in found
        facts = [final["status"], final["steps"], final["best"], numbers]
        found[name] = [
            (run / "config.yaml").read_text(),
            [row for row in logged if len(row) > 2],
            *facts,
        ]
    return found


def wait_for_checkpoints(process: subprocess.Popen, workspace: Workspace, number: int) -> None:
    """Wait until that many runs of the sweep have a checkpoint."""
    end = time.monotonic() + 100 * (number + 1)
    while (
        len(
            {
                path.parent
                for path in workspace.place.glob("outputs/*/sweeps/*/*/checkpoints/step-*")
            }
        )
        < number
    ):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.02)


def kill(workspace: Workspace, runs: int, *command: str) -> None:
    process = workspace.start(*command)
    wait_for_checkpoints(process, workspace, runs)
    process.kill()
    process.communicate()


def check_resumed(workspace: Workspace, cut: Path, *overrides: str) -> list[str]:
    """Resume a sweep, compare it with one never stopped; return the lines it prints."""
    resumed = workspace.darnax("sweep", "resume", str(cut), timeout=600)
    workspace.darnax("train", "-m", *overrides, timeout=600)
    (whole,) = set(folders(workspace)) - {cut}
    assert results(cut) == results(whole)
    assert {status for _, _, status, *_ in results(cut).values()} == {"finished"}
    return resumed.splitlines()


def check_saved(run: Path) -> None:
    """Check that the last checkpoint, the summary and the record agree on the step."""
    saved = max((run / "checkpoints").glob("step-*")).name
    assert int(saved[5:15]) == summary(run)["steps"] == rows(run)[-1]["step"]


@pytest.mark.slow
def test_a_sweep_killed_and_stopped_equals_one_never_stopped(
    workspace: Workspace,
) -> None:
    """It is interrupted in its first point, and in its second."""
    kill(workspace, 1, "train", "-m", *LONG, "seed=0,1")
    (cut,) = folders(workspace)
    process = workspace.start("sweep", "resume", str(cut))
    wait_for_checkpoints(process, workspace, 2)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 130, output
    assert f"darnax sweep resume {cut}" in output
    (stopped,) = (
        path.parent
        for path in cut.glob("*/summary.json")
        if summary(path.parent)["status"] == "interrupted"
    )
    check_saved(stopped)
    assert "interrupted" in workspace.darnax("sweep", "status", str(cut))
    assert check_resumed(workspace, cut, *LONG, "seed=0,1")[-2].startswith(
        "2 of 2 points finished · best point"
    )
    norms = [numbers["norm/w_back"] for *_, numbers in results(cut).values()]
    assert not np.isclose(*norms, rtol=1e-6)  # another seed is another run


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_the_running_point_and_prints_the_command_to_resume(
    workspace: Workspace, signum: signal.Signals
) -> None:
    process = workspace.start("train", "-m", *LONG, "runner.epochs=2000", "seed=0,1")
    wait_for_checkpoints(process, workspace, 1)
    process.send_signal(signum)
    output, _ = process.communicate(timeout=600)
    (sweep,) = folders(workspace)
    (run,) = sweep.glob("*/summary.json")
    assert process.returncode == 128 + signum
    assert f"darnax sweep resume {sweep}" in output
    assert "seed=1  waiting" in output
    assert summary(run.parent)["status"] == "interrupted"
    check_saved(run.parent)


@pytest.mark.slow
def test_twelve_points_on_mnist_killed_twice(workspace: Workspace) -> None:
    small = ["runner.epochs=2", "runner.limit_batches=100", "tracking=local", "model.features=200"]
    grid = ["model.depth=1,2", "model.layers.hidden.j_d=0.5,0.9", "seed=range(3)"]
    overrides = ["+experiment=mnist_chain", *small, *grid]
    kill(workspace, 1, "train", "-m", *overrides)
    (cut,) = folders(workspace)
    kill(workspace, 2, "sweep", "resume", str(cut))
    assert "interrupted" in workspace.darnax("sweep", "status", str(cut))
    output = check_resumed(workspace, cut, *overrides)
    assert output[-2].startswith("12 of 12 points finished · best point")


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_other_processes_compute_the_same_bits(workspace: Workspace, launcher: str) -> None:
    pytest.importorskip(launcher.partition("_")[0])
    workspace.darnax("train", "-m", *SMALL, "runner.epochs=2", "seed=0,1")
    (here,) = folders(workspace)
    workspace.darnax(
        "train", "-m", *SMALL, "runner.epochs=2", "seed=0,1", f"hydra/launcher={launcher}"
    )
    (there,) = set(folders(workspace)) - {here}
    assert results(there) == results(here)
    points = [json.loads((sweep / "sweep.json").read_text())["points"] for sweep in (here, there)]
    assert points[0] == points[1]


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_a_signal_reaches_the_points_in_other_processes(
    workspace: Workspace, launcher: str
) -> None:
    pytest.importorskip("submitit" if launcher == "submitit_local" else "joblib")
    process = workspace.start(
        "train", "-m", *LONG, "runner.epochs=4000", "seed=0,1", f"hydra/launcher={launcher}"
    )
    wait_for_checkpoints(process, workspace, 1)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=600)
    (sweep,) = folders(workspace)
    assert process.returncode == 143, output
    assert "interrupted" in {
        summary(path.parent)["status"] for path in sweep.glob("*/summary.json")
    }
    assert "finished" not in {
        summary(path.parent)["status"] for path in sweep.glob("*/summary.json")
    }


COUPLING = "model.layers.hidden.j_d=interval(0.3,0.9)"
SEARCH = ["hydra/sweeper=optuna", COUPLING, "data.validation=500"]


@pytest.mark.slow
def test_a_search_prunes_a_bad_run(workspace: Workspace) -> None:
    pruner = "hydra.sweeper.pruner"
    bad_settings = [
        f"{pruner}._target_=optuna.pruners.ThresholdPruner",
        f"+{pruner}.lower=1.1",
        f"~{pruner}.n_startup_trials",
    ]
    output = workspace.darnax(
        "train", "-m", *SMALL, *SEARCH, *bad_settings, "runner.epochs=4", "hydra.sweeper.n_trials=1"
    )
    (sweep,) = folders(workspace)
    (run,) = (path.parent for path in sweep.glob("*/summary.json"))
    assert "0 of 1 point finished · 1 pruned · best point " in output
    assert (summary(run)["status"], summary(run)["epochs"]) == ("pruned", 2)
    assert rows(run)[-1]["step"] == summary(run)["steps"]
    assert sorted((sweep / ".points").iterdir())[0].read_text().split() == []


@pytest.mark.slow
@pytest.mark.parametrize("launcher", [[], ["hydra/launcher=joblib", "hydra.sweeper.n_jobs=2"]])
def test_a_search_of_twenty_points_interrupted_at_seven(
    workspace: Workspace, launcher: list[str]
) -> None:
    overrides = [*SMALL, *SEARCH, "runner.epochs=6", *launcher]
    kill(workspace, 7, "train", "-m", *overrides)
    (killed,) = folders(workspace)
    begun = {path.parent.name for path in killed.glob("*/summary.json")}
    output = workspace.darnax("sweep", "resume", str(killed), timeout=900).splitlines()
    assert " of 20 points finished · " in output[-2]
    runs = {path.parent.name for path in killed.glob("*/summary.json")}
    assert len(runs) == 20
    assert begun < runs
    assert {summary(killed / run)["status"] for run in runs} <= {"finished", "pruned"}
    if not launcher:  # with several at once, what is drawn depends on which is done first
        workspace.darnax("train", "-m", *overrides, timeout=900)
        (whole,) = set(folders(workspace)) - {killed}
        assert results(killed) == results(whole)
