"""Reports with irregular files in run folders. Oracle: the other runs are shown.

Oracle: a second, intact run, which is shown as it is without the first.
"""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from runs_on_disk import make
from sampling import one_of
from typer.testing import CliRunner

from darnax.cli.app import app
from darnax.errors import RequestError
from darnax.locks import file_lock, sign
from darnax.reports import analysis
from darnax.reports.runs import Run, find, folders, read
from darnax.reports.summary import read_summary

Make = Callable[[Path], object]
SECONDS = 20  # a command takes a tenth of one


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as open_socket:
        place = os.open(path.parent, os.O_RDONLY)
        open_socket.bind(f"/proc/self/fd/{place}/{path.name}")  # the names of sockets are short
        os.close(place)


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)  # a sparse file of a terabyte


def holding(content: bytes) -> Make:
    return lambda path: path.write_bytes(content)


KINDS: dict[str, Make] = {
    "a FIFO": os.mkfifo,
    "a folder": Path.mkdir,
    "a socket": bind,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a broken link": lambda path: path.symlink_to("nothing"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "huge": huge,
    "empty": holding(b""),
    "not UTF-8": holding(b"\xff\xfe\x00\x80"),
    "deep": holding(b'{"a":' * 100000),
    "a list": holding(b"[1, [2]]"),
    "a number": holding(b"1" * 5000),
    "null": holding(b"null"),
    "other types": holding(
        b'{"status": "finished", "metrics": {"eval/accuracy": "x"}, "seed": {}, "name": []}'
    ),
}
FILES = (
    "summary.json",
    "config.yaml",
    "metrics.jsonl",
    "overrides.yaml",
    "environment.json",
    ".lock",
    "train.log",
)
NAMES = (
    "0001-01-01_00-00-00-a",
    "9999-12-31_23-59-59-a",
    "2026-13-41_00-00-00-a",
    "x",
    "a\x1b[2J",
    "\udcff",
)


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """Interrupt a test that blocks."""

    def late(*_: object) -> None:
        raise TimeoutError("it waits for ever")

    before = signal.signal(signal.SIGALRM, late)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def darnax(*words: object) -> str:
    signal.alarm(SECONDS)
    result = CliRunner().invoke(app, list(map(str, words)), prog_name="darnax")
    signal.alarm(0)
    assert result.exit_code in (0, 2), result.output
    assert "Traceback" not in result.output
    assert not [letter for letter in result.output if not letter.isprintable() and letter != "\n"]
    return result.output


@pytest.mark.parametrize(
    ("name", "kind", "status"),
    one_of(13, list(product(FILES, KINDS, ["finished", "running"]))),
    ids=lambda word: str(word),
)
def test_reports_skip_irregular_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, status: str
) -> None:
    monkeypatch.chdir(tmp_path)
    good = make(Path("outputs/chain"), "2026-01-01_00-00-00-aaaaaa", 0.9)
    bad = make(Path("outputs/chain"), "2026-01-01_00-00-01-bbbbbb", 0.8, status=status, seed=1)
    (bad / name).rmdir() if (bad / name).is_dir() else (bad / name).unlink(missing_ok=True)
    KINDS[kind](bad / name)
    assert "90.00%" in darnax("runs")
    assert "aaaaaa" in darnax("runs", "--metric", "norm/w_in")
    assert "90.00%" in darnax("compare", good)
    assert "eval/accuracy" in darnax(
        "compare", "outputs", "--best", "--html", "page.html", "--csv", "table.csv"
    )
    assert "b − a" in darnax("diff", good, bad) or "no difference" in darnax("diff", good, bad)
    assert [run.status for run in find([good])] == ["finished"]


SUMMARIES = [
    "[]", "3", "null", '"x"', "{}", '{"status": null}', '{"status": 3}',
    '{"status": ["finished"]}', '{"status": "done"}', '{"status": "finished", "metrics": []}',
    '{"status": "finished", "metrics": null}', '{"status": "finished", "best": 3}',
    '{"status": "finished", "metrics": {"a": "x"}}',
    '{"status": "finished", "metrics": {"a": true}}',
    '{"status": "finished", "metrics": {"a": {}}}', '{"status": "finished", "best": {"a": []}}',
    '{"status": "finished", "epochs": "x"}', '{"status": "finished", "steps": []}',
    '{"status": "finished", "wall_seconds": {}}',
    '{"status": "finished", "images_per_second": false}', '{"status": "failed", "reason": []}',
    '{"status": "failed", "warning": 1}', "{", "", "\x00", '{"status": "finished"} x',
    "[" * 100000,
]  # fmt: skip


@pytest.mark.parametrize("text", SUMMARIES)
def test_an_invalid_summary_is_damaged(tmp_path: Path, text: str) -> None:
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.9)
    (run / "summary.json").write_text(text)
    with pytest.raises((ValueError, RecursionError)):
        read_summary(run / "summary.json")
    found = read(run)
    assert found.status == "damaged"
    assert found.damage.startswith("summary.json cannot be read (")
    assert "cannot be read ()" not in found.damage


def test_a_summary_written_by_a_run_is_valid(tmp_path: Path) -> None:
    for status in ("running", "finished", "pruned", "interrupted", "failed"):
        summary = {
            "status": status,
            "metrics": {"a": None, "b": 1},
            "best": {},
            "epochs": 1.5,
            "steps": 3,
            "later": [1],
        }
        (tmp_path / "summary.json").write_text(
            json.dumps(summary | {"reason": "r", "wall_seconds": None})
        )
        assert read_summary(tmp_path / "summary.json")["status"] == status


def statuses(run: Path) -> dict[str, str]:
    """Return the status of a run in every report."""
    other = make(run.parent, "2026-01-01_00-00-09-cccccc", 0.9, seed=7)
    darnax("compare", run.parent, "--html", run.parent / "page.html")
    page = (run.parent / "page.html").read_text()
    rows = json.loads(page.partition('id="data">')[2].partition("</script>")[0])["rows"]
    (line,) = [line for line in darnax("runs", run.parent).splitlines() if "aaaaaa" in line]
    return {
        "runs": next(word for word in ("running", "interrupted") if word in line),
        "compare": next(
            word for word in ("running", "interrupted") if word in darnax("compare", run.parent)
        ),
        "diff": next(
            word for word in ("running", "interrupted") if word in darnax("diff", run, other)
        ),
        "page": next(r["status"] for row in rows for r in row["runs"] if r["name"] == run.name),
    }


@pytest.mark.parametrize("lock", ["held", "free", "of another machine", "none"])
def test_every_report_reads_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.8, status="running")
    path = run / ".lock"
    if lock == "held":
        with file_lock(path):
            sign(path)
            assert set(statuses(run).values()) == {"running"}
        return
    if lock != "none":
        with file_lock(path):
            sign(path)
    if lock == "of another machine":
        path.write_text("elsewhere\n")
    before = path.exists() and (path.read_bytes(), path.stat().st_mtime_ns)
    expected = "interrupted" if lock == "free" else "running"
    assert statuses(run) == dict.fromkeys(("runs", "compare", "diff", "page"), expected)
    assert before == (path.exists() and (path.read_bytes(), path.stat().st_mtime_ns))
    assert read(run).value("eval/accuracy") == pytest.approx(0.8)  # which it had logged


def test_a_silent_run_of_another_machine_is_marked(tmp_path: Path) -> None:
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.8, status="running")
    (run / ".lock").write_text("elsewhere\n")
    for name in ("metrics.jsonl", "summary.json"):
        os.utime(run / name, (0, 0))
    assert "running, silent for" in darnax("runs", tmp_path)


TABLES: dict[str, bytes] = {
    "other columns": b"a,b\n1,2\n",
    "short rows": b"layer,when,margin,share\nx,before\n",
    "long rows": b"layer,when,margin,share\nx,before,1,2,3,4\n",
    "no rows": b"layer,when,margin,share\n",
    "a long cell": b"layer,when,margin,share\nx,before,1," + b"a" * 200000,
    "an open quote": b'layer,when,margin,share\n"x,before,1,2\n',
    "zeros": bytes(100),
    "columns twice": b"layer,layer,margin,share\nx,before,1,2\n",
}


@pytest.mark.parametrize("kind", [*TABLES, *KINDS])
def test_a_damaged_table_of_an_analysis_is_left_out(tmp_path: Path, kind: str) -> None:
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.9)
    (run / "analysis").mkdir()
    (run / "analysis" / "probes.csv").write_text("buffer,score\ninput,0.5\n")
    make_table = holding(TABLES[kind]) if kind in TABLES else KINDS[kind]
    make_table(run / "analysis" / "margins.csv")
    signal.alarm(SECONDS)
    figures, damage = analysis.tables(run)
    assert [figure["title"] for figure in figures] == ["Linear probes"]
    assert len(damage) == (kind != "a broken link")
    assert all("margins.csv" in line for line in damage)
    assert "Linear probes" in analysis.write(run).read_text()


def test_the_depth_of_the_search_for_runs_is_limited(tmp_path: Path) -> None:
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.9)
    place = tmp_path
    for _ in range(600):  # more than functions may call themselves
        place = place / "a"
        place.mkdir()
    assert list(folders(tmp_path)) == [run]


@pytest.mark.parametrize("words", ["x" * 5000, "a\0b", "", "\udcff", "a/" * 3000])
def test_no_folder_name_causes_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RequestError, match=r"."):
        find([Path(words)])


@pytest.mark.parametrize("name", NAMES)
def test_a_run_may_have_any_name(tmp_path: Path, name: str) -> None:
    run = make(tmp_path, name, 0.9, status="running")
    (run / "metrics.jsonl").unlink()
    (run / "summary.json").unlink()
    (run / "summary.json").write_text('{"status": "running"}')
    assert Run(run, "running").silence < time.time()
    assert "running" in darnax("runs", tmp_path)
    darnax("compare", tmp_path, "--html", tmp_path / "page.html", "--csv", tmp_path / "table.csv")
