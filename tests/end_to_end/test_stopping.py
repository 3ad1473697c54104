"""A run stopped by a signal or killed, and resumed. Oracle: the same run without interruption."""

import signal
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

from darnax.cli.app import app

from .conftest import SMALL, Workspace, rows, summary

LONG = [*SMALL, "runner.epochs=24", "runner.evaluate_every=12", "runner.checkpoint_every=1"]


def final(run: Path) -> dict[str, np.ndarray]:
    return load_file(max(run.glob("checkpoints/step-*.safetensors")))


def wait_for_rows(workspace: Workspace, count: int) -> Path:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for run in workspace.runs():
            if (run / "metrics.jsonl").exists() and len(rows_so_far(run)) >= count:
                return run
        time.sleep(0.02)
    raise AssertionError("no run got so far")


def rows_so_far(run: Path) -> list[str]:
    return (run / "metrics.jsonl").read_text().splitlines()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("polite", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143)],
)
def test_a_run_killed_and_stopped_equals_one_never_stopped(
    workspace: Workspace, polite: signal.Signals, code: int
) -> None:
    process = workspace.start("train", *LONG)
    run = wait_for_rows(workspace, 50)
    process.kill()
    printed, _ = process.communicate(timeout=600)
    assert process.returncode == -signal.SIGKILL, printed
    assert summary(run)["status"] == "running"

    process = workspace.start("train", "--resume", str(run))
    wait_for_rows(workspace, 120)
    process.send_signal(polite)
    printed, _ = process.communicate(timeout=600)
    assert process.returncode == code, printed
    assert summary(run)["status"] == "interrupted"
    assert f"darnax train --resume {run}" in printed

    workspace.darnax("train", "--resume", str(run))
    workspace.darnax("train", *LONG)
    whole = next(other for other in workspace.runs() if other != run)
    assert summary(run)["status"] == summary(whole)["status"] == "finished"
    one, other = final(run), final(whole)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    assert {row["step"] for row in rows(run)} == {row["step"] for row in rows(whole)}
    refused = CliRunner().invoke(app, ["train", "--resume", str(whole)], prog_name="darnax")
    assert refused.exit_code == 2, refused.output
    assert "finished" in refused.output
