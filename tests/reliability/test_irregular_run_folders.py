"""Commands refuse irregular files in a run folder. Oracle: the files that would be changed."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sampling import one_of

from darnax.analysis.table import Table, write
from darnax.errors import RequestError
from darnax.reports import analysis
from darnax.runner.run_folder import RunFolder
from darnax.runner.run_log import RunLog
from darnax.tracking.jsonl import Jsonl

SECONDS = 60  # ten times what a command takes


@pytest.fixture
def run(run: Path) -> Path:
    """Return a run stopped after a checkpoint, with an analysis."""
    (run / "analysis").mkdir()
    return run


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """Interrupt a test that blocks."""

    def late(*_: object) -> None:
        raise TimeoutError("it waits for ever")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


KINDS: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a folder": lambda path: (path.mkdir(), (path / "precious").touch()),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link": lambda path: path.symlink_to(Path.cwd().parent / "victim"),
    "a broken link": lambda path: path.symlink_to(Path.cwd().parent / "nothing"),
}
FILES = (
    "summary.json",
    "config.yaml",
    "metrics.jsonl",
    "metrics.last_reported",
    "metrics.told",
    "overrides.yaml",
    "environment.json",
    ".lock",
    "train.log",
    "confusion.svg",
    "analysis.html",
    "checkpoints",
    "analysis",
    "analysis/margins.csv",
)
COMMANDS = {
    "eval": lambda run: ["eval", run],
    "analyse": lambda run: ["analyse", run, "--only", "margins"],
    "resume": lambda run: ["train", "--resume", run],
    "cite": lambda run: ["cite", run],
}
CASES = [
    (command, name, kind)
    for name in FILES
    for kind in KINDS
    for command in COMMANDS
    if not (kind == "a folder" and name in ("checkpoints", "analysis", "analysis/margins.csv"))
]


@pytest.mark.parametrize(("command", "name", "kind"), one_of(7, CASES))
def test_irregular_files_of_a_run_are_refused_and_kept(
    darnax: Callable, run: Path, tmp_path: Path, command: str, name: str, kind: str
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    place = run / name
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    KINDS[kind](place)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    result = darnax(*COMMANDS[command](run))
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert {
        path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()
    } == before
    assert not (tmp_path / "nothing").exists()
    assert victim.read_text() == "precious\n"


CONTENTS = {
    "empty": b"",
    "not UTF-8": b"\xff\xfe\x00",
    "deep": b'{"a":' * 100000,
    "a list": b"[1]",
    "a number": b"1" * 5000,
}


@pytest.mark.parametrize("command", ["eval", "resume"])
@pytest.mark.parametrize(
    ("name", "content"),
    one_of(
        12,
        [
            (name, content)
            for name in (*FILES[2:8], "metrics.jsonl")
            for content in CONTENTS.values()
        ],
    ),
    ids=lambda word: str(word)[:20],
)
def test_irregular_files_that_a_command_does_not_need_are_ignored(
    darnax: Callable, run: Path, command: str, name: str, content: bytes
) -> None:
    (run / name).write_bytes(content)
    result = darnax(*COMMANDS[command](run))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a folder"])
def test_nothing_is_written_through_a_link_created_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    run = tmp_path / "work" / "run"
    (run / "analysis").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    table = Table(("buffer", "score"), [("a", 1.0)])
    write("probes", table, run / "analysis")
    for name in ("metrics.jsonl", "train.log", ".lock", "analysis.html", "analysis/margins.csv"):
        KINDS[kind](run / name)
    with pytest.raises(OSError, match=r"is a link|not a regular file"):
        RunLog(run / "train.log")
    with pytest.raises(RequestError, match=r"is a link|not a regular file"):
        write("margins", table, run / "analysis")
    with pytest.raises(RequestError, match=r"is a link|not a regular file"):
        analysis.write(run)
    with pytest.raises(RequestError, match="cannot be written to"), RunFolder(run).lock():
        pass
    if kind == "a FIFO":
        with pytest.raises(OSError, match="not a regular file"):
            Jsonl(run / "metrics.jsonl")
    shutil.rmtree(run / "analysis")
    (run / "analysis").symlink_to(tmp_path)
    with pytest.raises(RequestError, match="is a link"):
        write("margins", table, run / "analysis")
    assert victim.read_text() == "precious\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["victim", "work"]
