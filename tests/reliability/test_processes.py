"""Several processes that train one run. Oracle: one process without interruption."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file
from several_processes import Forked, free_port
from small_experiments import TASK
from typer.testing import CliRunner

from darnax.cli.app import app
from darnax.runner.lost_process import LOST

WORDS = [
    *TASK,
    "tracking=local",
    "data.batch_size=8",
    "runner.epochs=6",
    "runner.evaluate_every=6",
    "runner.keep=6",
]
ENDLESS = ["runner.epochs=100000", "runner.checkpoint_every=100000"]
SRUN = """#!/bin/sh
while [ "${1#--}" != "$1" ]; do shift; done  # its own options
for rank in $(seq 0 $(($SLURM_NTASKS - 1))); do
    SLURM_PROCID=$rank SLURM_LOCALID=$rank "$@" > srun-$rank.txt 2>&1 &
    started="$started $!"
done
for process in $started; do wait $process || failed=1; done
exit $failed
"""


@pytest.fixture
def forked(tmp_path):
    made = Forked(tmp_path)
    yield made
    made.close()


def the_run(place: Path) -> Path:
    (found,) = place.glob("outputs/*/*/summary.json")
    return found.parent


def status(run: Path) -> str:
    return json.loads((run / "summary.json").read_text())["status"]


def assert_same_network(run: Path, other: Path) -> None:
    """Compare the last network of a run with that of another one at the same step."""
    last = max(run.glob("checkpoints/step-*"))
    one, two = load_file(last), load_file(other / "checkpoints" / last.name)
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-5, atol=1e-6, err_msg=name)


def train_alone(forked: Forked) -> Path:
    return forked.train_to_end(forked.place / "alone", *WORDS)


def lose_second_process(forked: Forked) -> Path:
    """Start a run in two processes, one of which dies; return it after the other has ended."""
    first, other = forked.start_all(2, "train", *WORDS, dying=1)
    assert forked.ended(other)[0] == -signal.SIGKILL
    code, printed = forked.ended(first)
    run = the_run(forked.place)
    assert code == 1, printed
    assert printed.count(LOST) == 2, printed  # the progress and the panel
    assert f"darnax train --resume {run.relative_to(forked.place)}" in printed
    assert "Traceback" not in printed
    assert status(run) == "failed"
    return run


def test_two_processes_train_as_one_until_one_is_lost(forked):
    run = lose_second_process(forked)
    assert_same_network(run, train_alone(forked))


@pytest.mark.slow
def test_two_processes_that_read_their_own_parts_train_as_one(forked):
    words = [*WORDS, "data.memory_gib=1.8e-5"]  # streamed in five windows
    alone = forked.train_to_end(forked.place / "alone", *words)
    for process in forked.start_all(2, "train", *words):
        code, printed = forked.ended(process)
        assert code == 0, printed
    assert_same_network(the_run(forked.place), alone)


@pytest.mark.slow
def test_a_run_that_has_lost_a_process_is_resumed_by_one(forked):
    run = lose_second_process(forked)
    code, printed = forked.ended(forked.start("train", "--resume", run))
    assert code == 0, printed
    assert_same_network(run, train_alone(forked))


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4])
def test_several_processes_train_the_network_that_one_trains(forked, count):
    alone = train_alone(forked)
    printed = []
    for process in forked.start_all(count, "train", *WORDS):
        code, text = forked.ended(process)
        assert code == 0, text
        printed.append(text)
    assert f"{count} × cpu in {count} processes" in printed[0]
    assert not any("epoch" in text for text in printed[1:])
    run = the_run(forked.place)
    assert_same_network(run, alone)
    steps = [json.loads(row)["step"] for row in (run / "metrics.jsonl").read_text().splitlines()]
    assert steps == sorted(set(steps))  # written once


@pytest.mark.slow
def test_a_run_that_loses_its_first_process_is_resumed_by_two(forked):
    words = [*WORDS, "data.batch_size=12"]
    first, *others = forked.start_all(3, "train", *words, dying=0)
    assert forked.ended(first)[0] == -signal.SIGKILL
    for process in others:
        code, printed = forked.ended(process)
        assert code == 1, printed
        assert printed.count(LOST) == 1, printed
    run = the_run(forked.place)
    for process in forked.start_all(2, "train", "--resume", run):
        code, printed = forked.ended(process)
        assert code == 0, printed
    assert status(run) == "finished"
    assert_same_network(run, forked.train_to_end(forked.place / "alone", *words))


@pytest.mark.slow
def test_a_signal_to_one_process_stops_all(forked):
    first, other = forked.start_all(2, "train", *WORDS, *ENDLESS)
    while not list(forked.place.glob("outputs/*/*/metrics.jsonl")):
        time.sleep(0.05)
    os.kill(other, signal.SIGTERM)
    code, printed = forked.ended(first)
    assert code == 143, printed
    assert "a checkpoint is saved" in printed
    code, printed = forked.ended(other)
    assert code == 143, printed
    assert "Resume" not in printed
    assert status(the_run(forked.place)) == "interrupted"


@pytest.mark.slow
def test_an_invalid_request_is_refused_by_all(forked):
    for process in forked.start_all(2, "train", *WORDS, "data.batch_size=5"):
        code, printed = forked.ended(process)
        assert code == 2, printed
        assert "2 devices cannot share 5 examples evenly" in printed
    code, printed = forked.ended(forked.start("train", *WORDS, "runner.distributed=auto"))
    assert code == 2, printed
    assert "JAX finds no SLURM, Open MPI or Kubernetes here" in printed
    assert not list(forked.place.glob("outputs/*"))


@pytest.mark.slow
def test_the_script_for_sbatch_runs(forked):
    code, script = forked.ended(
        forked.start("train", *WORDS, "hydra.launcher.tasks_per_node=2", "--sbatch")
    )
    assert code == 0, script
    options = dict(re.findall(r"^#SBATCH --(.+)=(.+)$", script, re.MULTILINE))
    tasks = int(options["nodes"]) * int(options["ntasks-per-node"])
    assert tasks == 2
    tools = forked.place / "bin"
    tools.mkdir()
    commands = {"srun": SRUN, "darnax": f'#!/bin/sh\nexec {sys.executable} -m darnax "$@"\n'}
    for name, text in commands.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o700)
    slurm = {
        "SLURM_JOB_ID": str(free_port()),  # JAX takes a port from it
        "SLURM_STEP_NODELIST": "127.0.0.1",
        "SLURM_NTASKS": str(tasks),
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "XDG_CACHE_HOME": str(forked.place),
    }
    done = subprocess.run(
        ["bash"], input=script, cwd=forked.place, env=os.environ | slurm, text=True, check=False
    )
    printed = [path.read_text() for path in sorted(forked.place.glob("srun-*.txt"))]
    assert done.returncode == 0, printed
    assert "2 × cpu in 2 processes" in printed[0]
    assert status(the_run(forked.place)) == "finished"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["hydra.launcher.nodes=3"], "3 devices cannot share 8 examples evenly"),
        (["hydra.launcher.nodes=0"], "hydra.launcher.nodes: got 0, expected a positive integer"),
        (["hydra/launcher=joblib"], "expected submitit_slurm"),
        (["-m"], "is for one run; leave out -m; a sweep submits its own jobs"),
        (["--cfg", "job"], "is for one run; leave out --cfg"),
        (["hydra.launcher.max_num_timeout=3"], "max_num_timeout=3: has no effect on a script"),
        (["hydra/sweeper=optuna"], "hydra/sweeper=optuna: has no effect on a script"),
    ],
)
def test_a_script_that_cannot_work_is_refused(words, problem):
    done = CliRunner().invoke(app, ["train", *WORDS, *words, "--sbatch"], prog_name="darnax")
    assert done.exit_code == 2, done.output
    assert problem in done.output


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("auto", "JAX has been used in this process already"),
        ("all", "expected auto, null, or {coordinator: HOST:PORT, processes: N, rank: K}"),
        ("{coordinator: host, processes: 2, rank: 0}", "expected auto, null, or"),
        ("{coordinator: host:1, processes: 2, rank: 2}", "expected auto, null, or"),
    ],
)
def test_processes_that_cannot_be_joined_are_refused(darnax, value, problem):
    jax.devices()
    result = darnax("train", *WORDS, f"runner.distributed={value}")
    assert result.exit_code == 2, result.output
    assert problem in " ".join(result.output.split())
    assert not list(Path().glob("outputs/*"))


def test_a_sweep_in_several_processes_is_refused(darnax):
    result = darnax("train", "-m", *WORDS, "seed=0,1", "runner.distributed=auto")
    assert result.exit_code == 2, result.output
    assert "several processes train one run, not a sweep" in " ".join(result.output.split())


def test_a_given_file_joins_no_processes(darnax, tmp_path):
    place = "{coordinator: node1:1234, processes: 2, rank: 0}"
    composed = darnax("train", *WORDS, f"runner.distributed={place}", "--cfg", "job")
    assert "node1:1234" in composed.output
    (tmp_path / "config.yaml").write_text(composed.output)
    again = darnax("train", "--config", tmp_path / "config.yaml", "--cfg", "job")
    assert again.exit_code == 0, again.output
    assert "distributed: null" in again.output
    with_word = darnax(
        "train", "--config", tmp_path / "config.yaml", "runner.distributed=auto", "--cfg", "job"
    )
    assert "distributed: auto" in with_word.output
