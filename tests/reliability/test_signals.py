"""Signals to a run and its process. Oracle: the conventions of shells and of SLURM."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from forking import Commands
from small_experiments import TASK

from darnax.builder import build
from darnax.cli import panels
from darnax.runner.run_folder import RunFolder
from darnax.runner.run_session import RunSession
from darnax.runner.stop_signals import Interrupted, catch_stop_signals, handling_signals
from darnax.runner.train import train
from darnax.tracking import Tracker

CODES = {
    signal.SIGINT: 130,
    signal.SIGTERM: 143,
    signal.SIGHUP: 143,
    signal.SIGUSR1: 143,
    signal.SIGUSR2: 143,
}
LONG = [
    *TASK,
    "tracking=local",
    "tracking.console=false",
    "runner.epochs=100000",
    "runner.checkpoint_every=100000",
]


@pytest.fixture(autouse=True)
def hangups_have_the_default_handler():
    """Even where the tests were started with `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("signum", CODES)
def test_one_signal_is_noted_and_a_second_one_acts_at_once(signum):
    with catch_stop_signals() as request:
        signal.raise_signal(signum)
        assert request.signum == signum
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signum)
    assert Interrupted(signum, Path("run")).exit_code == CODES[signum]


def test_an_ignored_hangup_stays_ignored():
    """As with `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with catch_stop_signals() as request:
            signal.raise_signal(signal.SIGHUP)
            assert request.signum is None
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("signum", CODES)
def test_after_the_run_the_default_signal_handler_is_restored(signum):
    """A second signal of the kind ends the process."""
    before = {each: signal.getsignal(each) for each in CODES}
    try:
        with catch_stop_signals(ends_process=True):
            pass
        signal.raise_signal(signum)
        assert signal.getsignal(signum) == signal.SIG_DFL
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class Late(Tracker):
    """Sends a signal while the last row is logged."""

    def __init__(self, progress):
        self.progress = progress

    def log(self, metrics, *, step, epoch):
        if step == self.progress.total:
            signal.raise_signal(signal.SIGTERM)

    def finish(self, summary):
        pass


def test_a_run_that_has_taken_its_last_step_is_finished(task, tmp_path):
    experiment = build(task)
    folder = RunFolder.create(tmp_path, "late", task, [], command=[])
    received = []
    with handling_signals(lambda signum, _: received.append(signum)):
        (summary,) = train([RunSession(experiment, folder, Late)], experiment.data.source.open())
    assert summary["status"] == "finished"
    assert "test/accuracy" in summary["metrics"]
    assert received == [signal.SIGTERM]  # a sweep starts no other run


@pytest.mark.slow
def test_the_program_ends_well_where_a_signal_comes_after_the_last_step(commands, tmp_path):
    words = [*TASK, "tracking=local", f"paths.outputs={tmp_path}"]
    process = commands.start("train", *words)

    def finished():
        return [
            file for file in tmp_path.glob("**/summary.json") if '"finished"' in file.read_text()
        ]

    until(finished)
    os.kill(process, signal.SIGTERM)
    code, output = commands.ended(process)
    assert code == 0, output
    assert "finished" in output


def test_earlier_signal_handlers_are_called_after_saving():
    received = []
    with handling_signals(lambda signum, _: received.append(signum), (signal.SIGUSR2,)):
        with catch_stop_signals():
            signal.raise_signal(signal.SIGUSR2)
            assert received == []
        assert received == [signal.SIGUSR2]


def test_a_handler_that_ends_the_process_sets_the_exit_code():
    def requeue(signum, frame):
        raise SystemExit(3)

    def run():
        with catch_stop_signals() as request:
            signal.raise_signal(signal.SIGUSR2)
            raise Interrupted(request.signum, Path("run"))

    with handling_signals(requeue, (signal.SIGUSR2,)), pytest.raises(SystemExit, match="3"):
        run()


@pytest.mark.parametrize(
    ("saved", "words"),
    [(True, "a checkpoint is saved"), (False, "the last checkpoint is as it was")],
)
def test_the_command_to_resume_is_printed(saved, words, capsys):
    assert panels.report(Interrupted(signal.SIGINT, Path("outputs/run"), saved=saved)) == 130
    output = capsys.readouterr().err
    assert words in output
    assert "darnax train --resume outputs/run" in output


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    made = Commands(tmp_path_factory.mktemp("signals"))
    yield made
    made.close()


def until(there, seconds=600):
    deadline = time.monotonic() + seconds
    while not (found := there()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def training(outputs: Path, rows: int) -> Path | None:
    """Wait until a run has trained so far, and return it."""
    files = [
        file for file in outputs.glob("**/metrics.jsonl") if file.read_bytes().count(b"\n") > rows
    ]
    return files[0].parent if files else None


@pytest.mark.slow
@pytest.mark.parametrize(
    "signums", [[signum] for signum in CODES] + [[signal.SIGINT, signal.SIGINT]]
)
def test_a_signal_saves_prints_the_command_to_resume_and_exits_soon(commands, tmp_path, signums):
    process = commands.start("train", *LONG, f"paths.outputs={tmp_path}")
    run = until(lambda: training(tmp_path, 50))
    began = time.monotonic()
    for signum in signums:
        os.kill(process, signum)
    code, output = commands.ended(process)
    assert code == CODES[signums[0]], output
    assert f"darnax train --resume {run}" in output
    assert time.monotonic() - began < 30  # of SLURM's grace time
    record = json.loads((run / "summary.json").read_text())
    assert record["status"] == "interrupted"
    saved = [path.stem for path in (run / "checkpoints").glob("step-*")]
    assert saved == ([f"step-{record['steps']:010d}"] if "a checkpoint is saved" in output else [])
    assert saved or len(signums) == 2


def descendants(process: int) -> list[int]:
    """Return the processes below a process, from /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:  # it has just ended
            continue
    found = [process]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def command(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


@pytest.mark.slow
def test_a_preempted_job_saves_and_is_resumed_automatically(commands, tmp_path):
    words = [
        *LONG,
        "runner.epochs=2000",
        "runner.limit_batches=1",
        "runner.checkpoint_every=2000",
        "seed=1",
    ]
    process = commands.start(
        "train", "-m", "hydra/launcher=submitit_local", *words, f"paths.outputs={tmp_path}"
    )
    run = until(lambda: training(tmp_path, 50))
    (worker,) = (each for each in descendants(process) if b"submitit.core._submit" in command(each))
    os.kill(worker, signal.SIGUSR2)
    code, output = commands.ended(process)
    assert code == 0, output
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    starts = [row["step"] for row in rows if "time/compile_seconds" in row]
    assert len(starts) == 2
    assert starts[1] > 50
    assert [row["step"] for row in rows if "train/accuracy" in row] == list(range(1, 2001))
