"""The cache of reports. Oracle: what is read from the files themselves, without any cache."""

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from runs_on_disk import configured, make

from darnax.reports import cache as cache_module
from darnax.reports import record, records, sections
from darnax.reports.compare import compare
from darnax.reports.digest import Digest, digest
from darnax.reports.records import read_digest
from darnax.reports.runs import find

TICK = 0.05  # seconds, longer than the tick of a clock of files


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cache also what is short, and what has not changed for a moment."""
    monkeypatch.setattr(records, "LONG", 0)
    monkeypatch.setattr(records, "RECENT", TICK / 2)
    monkeypatch.setattr(sections, "WORTH_STORING", 1)


def make_line(draw: random.Random) -> str:
    """Return a row; all rows have one length."""
    return json.dumps({"step": 1, "epoch": draw.randint(1, 9), "a": draw.randint(100, 999)}) + "\n"


def append(path: Path, draw: random.Random) -> None:
    with path.open("a") as file:
        file.write(make_line(draw))


def truncate(path: Path, draw: random.Random) -> None:
    os.truncate(path, draw.randint(0, path.stat().st_size))


def replace(path: Path, draw: random.Random) -> None:
    other = path.with_name("other")
    other.write_text("".join(make_line(draw) for _ in range(draw.randint(0, 5))))
    other.replace(path)


def rewrite_in_place(path: Path, draw: random.Random) -> None:
    """Change the content, but neither its size nor the time of the last change of the content."""
    before = path.stat()
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(make_line(draw) if line.endswith("\n") else line for line in lines))
    os.truncate(path, before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def replace_by_equal_size_and_time(path: Path, draw: random.Random) -> None:
    before = path.stat()
    lines = path.read_text().splitlines(keepends=True)
    other = path.with_name("other")
    other.write_text("".join(make_line(draw) if line.endswith("\n") else line for line in lines))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def keep(path: Path, draw: random.Random) -> None:
    pass


CHANGES = (
    append,
    truncate,
    replace,
    rewrite_in_place,
    replace_by_equal_size_and_time,
    keep,
)


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
def test_after_any_changes_a_cached_digest_is_that_of_the_file(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(make_line(draw) for _ in range(5)))
    for _ in range(3):
        for change in draw.sample(CHANGES, len(CHANGES)):
            time.sleep(draw.choice((0, TICK)))
            change(path, draw)
            for pause in (0, TICK, 0):  # not yet cached, then cached, then read from the cache
                time.sleep(pause)
                assert repr(read_digest(path)) == repr(digest(record.rows(path))), change
    path.unlink()
    assert read_digest(path) == Digest({}, {}, False)


def test_a_long_record_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.9) / "metrics.jsonl"
    time.sleep(TICK)
    found = read_digest(path)
    monkeypatch.setattr(record, "rows", None)
    assert repr(read_digest(path)) == repr(found)


def test_a_record_that_has_just_changed_is_not_kept(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "RECENT", 3600.0)
    read_digest(make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.9) / "metrics.jsonl")
    assert not list(cache.glob("record-*"))


def make_runs(place: Path) -> None:
    for seed in (0, 1):
        for depth, value in enumerate(("text", 1e-3, [1, [2, {"a": None}]], True, "1e-3", {}, [])):
            name = f"2026-01-01_00-0{seed}-0{depth}-aaaaaa"
            make(place, name, 0.5 + depth / 100, depth=depth, seed=seed, odd={"k": value, "n": 10})


def describe(place: Path) -> list[object]:
    """Return everything that reports show of the runs in a folder."""
    runs = find([place])
    rows = compare(runs, "eval/accuracy", best=True).rows
    shown: list[object] = [(run.path, run.status, run.config, run.damage) for run in runs]
    shown += [repr(run.digest()) for run in runs]
    shown += [(row.values, row.total, row.p) for row in rows]
    return shown


def test_runs_read_by_the_cache_are_those_in_the_files(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_runs(tmp_path)
    time.sleep(TICK)
    first = describe(tmp_path)
    assert {path.name.partition("-")[0] for path in cache.iterdir()} == {"sections", "record"}
    monkeypatch.setattr(sections, "parse_section", None)
    monkeypatch.setattr(record, "rows", lambda *_: iter(()))
    assert repr(find([tmp_path])[0].digest()) in first
    monkeypatch.undo()
    assert describe(tmp_path) == first


def test_a_configuration_that_changes_in_size_and_time_of_another_is_read(tmp_path: Path) -> None:
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.9, depth=1)
    path = run / "config.yaml"
    assert find([run])[0].config["model.depth"] == 1
    before = path.stat()
    path.write_text(yaml.safe_dump(configured(depth=2), sort_keys=False))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert find([run])[0].config["model.depth"] == 2


def swap(cache: Path) -> None:
    """Give every entry the content of another one."""
    files = sorted(cache.iterdir())
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, [*contents[1:], contents[0]], strict=True):
        file.write_bytes(content)


def each(change: Callable[[Path], object]) -> Callable[[Path], None]:
    def change_all(cache: Path) -> None:
        for file in cache.iterdir():
            change(file)

    return change_all


def instead(make_file: Callable[[Path], object]) -> Callable[[Path], None]:
    def replace_one(file: Path) -> None:
        file.unlink()
        make_file(file)

    return each(replace_one)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    path.write_bytes(content)


def make_unreadable(cache: Path) -> None:
    for file in cache.iterdir():
        file.unlink()
    cache.rmdir()
    cache.write_text("a file where a folder is expected")


DAMAGE: dict[str, Callable[[Path], None]] = {
    "empty": each(lambda path: path.write_bytes(b"")),
    "truncated": each(lambda path: os.truncate(path, path.stat().st_size // 2)),
    "a flipped bit": each(flip),
    "of another file": swap,
    "not UTF-8": each(lambda path: path.write_bytes(b"\xff\xfe\n\x80")),
    "deep": each(lambda path: path.write_bytes(b"[" * 100_000)),
    "a FIFO": instead(os.mkfifo),
    "a folder": instead(Path.mkdir),
    "a device": instead(lambda path: path.symlink_to("/dev/zero")),
    "a broken link": instead(lambda path: path.symlink_to("nothing")),
    "a link to itself": instead(lambda path: path.symlink_to(path.name)),
    "huge": each(lambda path: os.truncate(path, 1 << 40)),
    "no folder": make_unreadable,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_cache_changes_nothing(tmp_path: Path, cache: Path, kind: str) -> None:
    make_runs(tmp_path)
    time.sleep(TICK)
    first = describe(tmp_path)
    DAMAGE[kind](cache)
    assert describe(tmp_path) == first
    assert describe(tmp_path) == first  # with what the reading before has written


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user")
def test_an_entry_of_another_user_is_not_read(tmp_path: Path, cache: Path) -> None:
    make_runs(tmp_path)
    find([tmp_path])
    (entry,) = cache.iterdir()
    code = cache_module.digest_code(sections.CODE)
    assert cache_module.load(entry.name, code)
    os.chown(entry, 1, 1)
    assert cache_module.load(entry.name, code) is None


def test_an_entry_of_other_code_is_not_read(cache: Path) -> None:
    cache_module.store("a", "this code", [1])
    assert cache_module.load("a", "this code") == [1]
    assert cache_module.load("a", "that code") is None


def test_the_oldest_entries_are_removed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(4):
        cache_module.store(f"{i}", "code", "x" * 1000)
        os.utime(cache / f"{i}", (i, i))
    sizes = {path.stat().st_size for path in cache.iterdir()}
    monkeypatch.setattr(cache_module, "MOST_BYTES", 3 * max(sizes))
    cache_module.store("4", "code", "x" * 1000)
    assert sorted(path.name for path in cache.iterdir()) == ["2", "3", "4"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_cannot_be_written_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_runs(tmp_path)
    expected = describe(tmp_path)
    (tmp_path / "closed").mkdir(mode=0o500)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "closed"))
    assert describe(tmp_path) == expected


def test_nothing_is_written_into_the_folders_of_runs(tmp_path: Path) -> None:
    make_runs(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    describe(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
