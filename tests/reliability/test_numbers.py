"""A diverging run by the command. Oracle: the module with a huge learning rate."""

import json
from pathlib import Path

import pytest
from small_experiments import TASK


@pytest.mark.slow
def test_a_diverging_run_ends_with_exit_code_1_and_a_message(darnax):
    absurd = "+optimizer.groups.w_out={_target_: optax.sgd, learning_rate: 1e30}"
    result = darnax("train", *TASK, "tracking=local", "~optimizer.groups.w_out", absurd)
    assert result.exit_code == 1
    reason = (
        "w_out: its change is NaN, infinite or larger than 1e9, in phase recall of step 1; "
        "no checkpoint was saved before"
    )
    assert reason in result.stderr
    assert "Traceback" not in result.output
    (run,) = Path("outputs/digits_smoke").iterdir()
    summary = json.loads((run / "summary.json").read_text())
    assert (summary["status"], summary["reason"]) == ("failed", reason)
    assert reason in (run / "train.log").read_text()
