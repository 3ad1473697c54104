"""The real program, killed or without disk space or permission. Oracle: an undisturbed run."""

import errno
import json
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from forking import Commands
from safetensors.numpy import load_file
from small_experiments import TASK

from darnax.runner import checkpoint
from darnax.runner.run_folder import RunFolder

TINY = [
    *TASK,
    "tracking=local",
    "tracking.console=false",
    "runner.limit_batches=1",
    "runner.keep=3",
    "runner.keep_every=100",
]
LONG = [*TINY, "runner.epochs=600"]
PATIENCE = 600  # seconds, on a machine that has other things to do


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    made = Commands(tmp_path_factory.mktemp("commands"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def whole(commands: Commands) -> Path:
    """Return the undisturbed run."""
    return commands.train_to_end(commands.place / "whole", *LONG)


def lines(run: Path) -> list[bytes]:
    return (
        (run / "metrics.jsonl").read_bytes().split(b"\n")
        if (run / "metrics.jsonl").exists()
        else [b""]
    )


def rows_without_times(run: Path) -> list[dict]:
    """Return the rows without times; each start of the program writes a row of times only."""
    found = [
        {k: v for k, v in json.loads(line).items() if not k.startswith("time/")}
        for line in lines(run)[:-1]
    ]
    return [row for row in found if len(row) > 2]


def assert_sound(run: Path) -> int:
    """Check that every checkpoint is valid and all rows up to it exist; return its step."""
    for path in (run / "checkpoints").glob("[!.]*"):
        checkpoint._read(path)
    newest = checkpoint.find_latest(run / "checkpoints")
    steps = [row["step"] for row in rows_without_times(run)]
    step = int(newest.stem.removeprefix("step-")) if newest else 0
    assert steps == list(range(1, len(steps) + 1))
    assert step <= len(steps)
    return step


def assert_same(run: Path, whole: Path) -> None:
    assert rows_without_times(run) == rows_without_times(whole)
    assert json.loads((run / "summary.json").read_text())["status"] == "finished"
    for path in (whole / "checkpoints").iterdir():
        one, other = load_file(run / "checkpoints" / path.name), load_file(path)
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[name], other[name]) for name in other)
    assert {path.name for path in (run / "checkpoints").iterdir()} == {
        path.name for path in (whole / "checkpoints").iterdir()
    }


class RepeatedRun:
    """A run that is started, resumed, and started again when it has finished."""

    def __init__(self, commands: Commands, outputs: Path, whole: Path) -> None:
        self.commands, self.outputs, self.whole, self.run, self.seen = (
            commands,
            outputs,
            whole,
            None,
            0,
        )

    def resume(self) -> int:
        """Start the program and wait until it trains; return its process."""
        words = (
            ["train", "--resume", self.run]
            if self.run
            else ["train", *LONG, f"paths.outputs={self.outputs}"]
        )
        starts, known = self.starts(), set(self.outputs.glob("*/*"))
        process = self.commands.start(*words)
        deadline = time.monotonic() + PATIENCE
        while self.starts() == starts:
            assert time.monotonic() < deadline, (self.commands.place / "output").read_text()
            if self.run is None:
                self.run, self.seen = (
                    next((path for path in self.outputs.glob("*/*") if path not in known), None),
                    0,
                )
            time.sleep(0.002)
        return process

    def starts(self) -> int:
        """Return the number of starts: each one writes a row with the time of compilation."""
        return sum(b"compile_seconds" in line for line in lines(self.run)) if self.run else 0

    def ended(self, process: int, *codes: int) -> str:
        """Wait for its end, and check its folder."""
        code, printed = self.commands.ended(process)
        assert code in (*codes, 0), printed
        assert "Traceback" not in printed
        step = assert_sound(self.run)
        assert step >= self.seen
        self.seen = step
        if code == 0:
            assert_same(self.run, self.whole)
            self.run = None
        return printed if code else ""

    def finish(self) -> None:
        while self.run is not None:
            process = self.commands.start("train", "--resume", self.run)
            self.ended(process)


@pytest.mark.slow
def test_killed_a_hundred_times(commands, whole, tmp_path, cases):
    repeated, moments = RepeatedRun(commands, tmp_path / "outputs", whole), random.Random(0)
    while cases["kills"] < 100:
        process = repeated.resume()
        time.sleep(moments.uniform(0, 0.15))
        os.kill(process, signal.SIGKILL)
        repeated.ended(process, -signal.SIGKILL)
        cases["kills"] += 1
    repeated.finish()


@contextmanager
def small_disk(place: Path) -> Iterator[Callable[[int], None]]:
    """Mount a disk of 8 MB at `place`; yield a function that fills it."""
    place.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)],
        check=True,
        capture_output=True,
    )

    def fill(process: int) -> None:
        del process
        with (place / "ballast").open("wb", buffering=0) as file:
            try:
                for size in (65536, 512):
                    while file.write(bytes(size)):
                        pass
            except OSError:
                pass

    try:
        yield fill
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def quota(place: Path) -> Iterator[Callable[[int], None]]:
    """Limit the size of files, which needs no privileges: checkpoints cannot be written."""
    place.mkdir()
    yield lambda process: resource.prlimit(
        process, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY)
    )


def can_mount() -> bool:
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    return bool(int(status["CapEff"], 16) >> 21 & 1)  # CAP_SYS_ADMIN


@pytest.mark.slow
@pytest.mark.parametrize("disk", [quota, *([small_disk] if can_mount() else [])])
def test_killed_and_out_of_disk_fifty_times(commands, whole, tmp_path, disk, cases):
    moments = random.Random(1)
    with disk(tmp_path / "outputs") as fill:
        repeated = RepeatedRun(commands, tmp_path / "outputs", whole)
        for number in range(50):
            process = repeated.resume()
            time.sleep(moments.uniform(0, 0.1))
            fill(process)
            if number % 2:
                time.sleep(moments.uniform(0, 0.05))
                os.kill(process, signal.SIGKILL)
            run = repeated.run
            printed = repeated.ended(process, 1, -signal.SIGKILL)
            cases["full disks" if printed else "kills with a full disk"] += 1
            if printed:
                assert "the last checkpoint is as it was" in printed, printed
                assert f"resume with: darnax train --resume {run}" in " ".join(printed.split())
            (tmp_path / "outputs" / "ballast").unlink(missing_ok=True)
        assert cases["full disks"] >= 15
        repeated.finish()


def test_a_full_disk_gives_one_message_and_keeps_the_last_checkpoint(darnax, monkeypatch):
    write = checkpoint.write_atomically

    def full(path: Path, content: bytes) -> None:
        if "step-0000000002" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, content)

    monkeypatch.setattr(checkpoint, "write_atomically", full)
    result = darnax("train", *TINY, "runner.epochs=3")
    (run,) = Path("outputs").glob("*/*")
    assert result.exit_code == 1, result.output
    printed = " ".join(result.stderr.split())
    assert f"{run}: [Errno 28] No space left on device; the last checkpoint is as it was" in printed
    assert f"fix that, then resume with: darnax train --resume {run}" in printed
    assert "Traceback" not in result.output
    assert assert_sound(run) == 1
    monkeypatch.undo()


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    """Make a folder read-only, also for root."""
    if can_mount():
        subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
    else:
        place.chmod(0o500)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True) if can_mount() else place.chmod(0o700)


def test_an_unwritable_folder_is_refused_and_unchanged(darnax):
    outputs = Path("outputs").absolute()
    outputs.mkdir()
    with read_only(outputs):
        result = darnax("train", *TINY)
        assert result.exit_code == 2
        assert "paths.outputs: no run folder can be made ([Errno" in result.stderr
        assert not list(outputs.iterdir())


def test_an_unwritable_run_is_not_resumed(darnax, task):
    folder = RunFolder.create(Path("outputs"), "task", task, [], command=[])
    with read_only(folder.path):
        result = darnax("train", "--resume", folder.path)
        assert result.exit_code == 2, result.output
        assert f"{folder.path}: cannot be written to (" in " ".join(result.stderr.split())


@pytest.mark.slow
def test_an_unwritable_dashboard_is_reported_once_and_stops_nothing(commands, tmp_path):
    (tmp_path / "wandb").touch()
    code, printed = commands.ended(
        commands.start("train", *TINY, "tracking=offline", f"paths.outputs={tmp_path}")
    )
    assert code == 0, printed
    assert printed.count("W&B is off for the rest of this run") == 1
