"""Concurrent processes on the same files. Oracle: the result of a single process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from darnax.errors import RequestError
from darnax.locks import file_lock, is_locked
from darnax.runner.run_folder import RunFolder

PROCESSES, EACH = 5, 10
MAKE = """
import sys, time
from pathlib import Path
from darnax.runner import run_folder
run_folder.describe_environment = lambda **_: {}
sys.stdin.readline()
for _ in range(int(sys.argv[1])):
    print(run_folder.RunFolder.create(Path("outputs"), "e", {"seed": 1}, [], command=[]).name)
"""
HOLD = """
import sys
from pathlib import Path
from darnax.runner.run_folder import RunFolder
with RunFolder(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.readline()
"""
PREPARE = """
import hashlib, sys
from pathlib import Path
import darnax.data.archives as archives
from darnax.data import decoding, archive_builder, open_dataset, preparing
folder, data = map(Path, sys.argv[1:3])
sums = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}
registered = {
    name: archives.Checksum((folder / name).stat().st_size, sum) for name, sum in sums.items()
}
archives.load_checksums = lambda name: registered
preparing.find_bundled = lambda name: folder
decoding.FINGERPRINTS = {}
build = archive_builder.archive_builder
def report_and_build(*rest):
    print("building", flush=True)
    return build(*rest)
preparing.archive_builder = report_and_build
sys.stdin.readline()
print(len(open_dataset("mnist", directory=data).train), flush=True)
"""


@pytest.fixture
def started(tmp_path: Path) -> Iterator:
    """Start a Python program in the folder of the test; it ends with the test."""
    running = []

    def start(code: str, *words: object) -> subprocess.Popen:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, words)], cwd=tmp_path, env=environment, **pipes
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_fifty_runs_at_once_get_fifty_folders(tmp_path, started):
    processes = [started(MAKE, EACH) for _ in range(PROCESSES)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    names = [name for process in processes for name in process.communicate()[0].split()]
    assert len(names) == len(set(names)) == PROCESSES * EACH
    assert {path.name for path in (tmp_path / "outputs" / "e").iterdir()} == set(names)
    assert all(
        RunFolder.open(path).summary()["status"] == "running"
        for path in (tmp_path / "outputs" / "e").iterdir()
    )


def test_a_run_is_resumed_by_one_process_at_a_time(tmp_path, started):
    (tmp_path / "run").mkdir()
    folder = RunFolder(tmp_path / "run")
    other = started(HOLD, folder.path)
    assert other.stdout.readline() == "held\n"
    with pytest.raises(RequestError, match="another process is at work"), folder.lock():
        pytest.fail("two of them")
    os.kill(
        other.pid, signal.SIGKILL
    )  # a lock dies with its process, and leaves nothing to clean up
    other.wait()
    with folder.lock():
        assert is_locked(folder.path / ".lock")
    assert not is_locked(folder.path / ".lock")


def test_every_report_shows_a_killed_run_as_interrupted(darnax, task, started):
    folder = RunFolder.create(Path("outputs").absolute(), "task", task, [], command=[])
    finished = RunFolder.create(Path("outputs"), "task", task, [], command=[])
    finished.write_summary(status="finished", metrics={"eval/accuracy": 0.5})
    commands = (["runs"], ["compare", "outputs"], ["diff", folder.path, finished.path])
    other = started(HOLD, folder.path)
    assert other.stdout.readline() == "held\n"
    while_it_runs = [darnax(*words).output for words in commands]
    assert all("running" in text and "interrupted" not in text for text in while_it_runs)
    with (
        pytest.raises(RequestError, match="another process is at work"),
        folder.lock(),
    ):  # asking has not taken it away
        pytest.fail("two of them")
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    afterwards = [darnax(*words).output for words in commands]
    assert all("interrupted" in text and "running" not in text for text in afterwards)


def test_the_second_resume_is_refused_and_touches_nothing(darnax, task, monkeypatch):
    from darnax.runner import train

    monkeypatch.setattr(train, "train", lambda *_: pytest.fail("it trained"))
    folder = RunFolder.create(Path("outputs"), "task", task, [], command=[])
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    with folder.lock():
        result = darnax("train", "--resume", folder.path)
    assert result.exit_code == 2, result.output
    assert "another process is at work on this run" in result.output
    assert {path: path.read_bytes() for path in before} == before


def test_a_timeout_waits_for_a_lock(tmp_path, started):
    (tmp_path / "run").mkdir()
    other = started(HOLD, tmp_path / "run")
    assert other.stdout.readline() == "held\n"
    with file_lock(tmp_path / "run" / ".lock") as mine:
        assert not mine
    other.stdin.write("enough\n")
    other.stdin.flush()
    with file_lock(tmp_path / "run" / ".lock", patience=60) as mine:
        assert mine
    assert not is_locked(tmp_path / "never made")


def archives(folder: Path) -> Path:
    """Write small archives from the description of their format."""
    import gzip

    folder.mkdir()
    for prefix, count in (("train", 60), ("t10k", 20)):
        images = np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)
        for kind, array in (
            ("images-idx3", images),
            ("labels-idx1", np.arange(count, dtype=np.uint8) % 10),
        ):
            header = bytes([0, 0, 8, array.ndim]) + b"".join(
                size.to_bytes(4, "big") for size in array.shape
            )
            (folder / f"{prefix}-{kind}-ubyte.gz").write_bytes(
                gzip.compress(header + array.tobytes())
            )
    return folder


def test_processes_that_prepare_one_set_end_with_one_good_copy(tmp_path, started):
    place = archives(tmp_path / "archives")
    processes = [started(PREPARE, place, tmp_path / "data") for _ in range(3)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate()[0].split() for process in processes]
    assert sorted(outputs) == [["60"], ["60"], ["building", "60"]]
    assert not list((tmp_path / "data").glob("**/*partial*"))


def test_a_process_killed_while_preparing_does_not_affect_others(tmp_path, started):
    place = archives(tmp_path / "archives")
    first, second = (started(PREPARE, place, tmp_path / "data") for _ in range(2))
    first.stdin.write("go\n")
    first.stdin.flush()
    assert first.stdout.readline() == "building\n"
    os.kill(first.pid, signal.SIGKILL)
    assert second.communicate("go\n")[0].split() == ["building", "60"]
    assert not list((tmp_path / "data").glob("**/*partial*"))
