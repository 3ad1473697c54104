"""Trackio. Oracle: its database, read with sqlite3.

And every connection that the process tried to make.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sampling import one_of

from darnax.extras import install_command

OPEN = """
import sys
from pathlib import Path
from darnax.tracking import TrackedRun, Trackio
from darnax.tracking.guarded import Guarded

def opened(outputs, id, resumed=False):
    config = {"model": {"depth": 2}}
    run = TrackedRun(id, outputs / "x" / id, outputs, config, id, "x", resumed=resumed)
    return Guarded("Trackio", lambda: Trackio(run))

outputs = Path(sys.argv[1])
"""
RUN = f"""{OPEN}
CALLS = ("socket.connect", "socket.getaddrinfo")
sys.addaudithook(lambda event, _: event in CALLS and print("network", event))
for steps, resumed in ((range(1, 4), False), (range(4, 6), True)):
    tracker = opened(outputs, "2026-run", resumed)
    for step in steps:
        metrics = {{"eval/accuracy": step / 10, "relax/free/flips": float("nan")}}
        tracker.log(metrics, step=step, epoch=step / 2)
    tracker.finish({{"status": "finished"}})
opened(outputs / "elsewhere", "other").log({{"a": 1.0}}, step=1, epoch=0.1)
"""


def run(folder: Path, code: str = RUN) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRACKIO")}
    command = [sys.executable, "-c", code, str(folder / "outputs")]
    place = {"env": {**clean, "HOME": str(folder)}, "cwd": Path(__file__).parents[2]}
    return subprocess.run(command, **place, capture_output=True, text=True, timeout=600, check=True)


def test_the_run_is_in_the_outputs_without_output_or_network(tmp_path: Path) -> None:
    answer = run(tmp_path)
    assert answer.stdout == ""
    (line,) = answer.stderr.splitlines()
    assert line.startswith("Trackio is off for the rest of this run (this process writes to")
    assert [path.name for path in tmp_path.iterdir()] == ["outputs"]
    with closing(sqlite3.connect(tmp_path / "outputs" / "trackio" / "darnax.db")) as database:
        rows = database.execute(
            "select run_name, step, metrics from metrics order by step"
        ).fetchall()
    assert [(name, step) for name, step, _ in rows] == [("2026-run", step) for step in range(1, 6)]
    assert all(word in str(rows[-1][2]) for word in ("eval/accuracy", "0.5", "epoch", "2.5"))


def test_without_trackio_there_is_one_warning(tmp_path: Path) -> None:
    answer = run(tmp_path, "import sys; sys.modules['trackio'] = None" + RUN)
    assert answer.stdout == ""
    assert install_command("trackio") in answer.stderr.splitlines()[0]


ONE = f"""{OPEN}
tracker = opened(outputs, "2026-run")
tracker.log({{"a": 1.0}}, step=1, epoch=0.1)
tracker.finish({{"status": "finished"}})
"""
STRANGE: dict[str, Callable[[Path, Path], object]] = {
    "a file for the folder": lambda folder, database: (folder.rmdir(), folder.touch()),
    "a FIFO for the folder": lambda folder, database: (folder.rmdir(), os.mkfifo(folder)),
    "a link for the folder": lambda folder, database: (
        folder.rmdir(),
        folder.symlink_to(folder.parents[1] / "elsewhere"),
    ),
    "a FIFO": lambda folder, database: os.mkfifo(database),
    "a folder": lambda folder, database: database.mkdir(),
    "a link": lambda folder, database: database.symlink_to(
        folder.parents[1] / "elsewhere" / "victim"
    ),
    "a link for its lock": lambda folder, database: database.with_suffix(".lock").symlink_to(
        "../../elsewhere/x"
    ),
    "no database": lambda folder, database: database.write_bytes(b"garbage" * 1000),
}


@pytest.mark.parametrize("kind", one_of(4, list(STRANGE)))
def test_an_irregular_file_of_trackio_is_one_warning(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "outputs" / "trackio"
    folder.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    STRANGE[kind](folder, folder / "darnax.db")
    answer = run(tmp_path, ONE)
    (line,) = answer.stderr.splitlines()
    assert line.startswith("Trackio is off for the rest of this run")
    assert not list((tmp_path / "elsewhere").iterdir())
