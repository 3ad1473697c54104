"""Oracle: the rows that were written, as Python objects."""

import json
from pathlib import Path

import pytest

from darnax import metrics_file
from darnax.metrics_file import TAIL, read_last_rows, read_lines, read_rows
from darnax.sweeps.point import Objective
from darnax.sweeps.survey import latest_value

ROWS = [
    {"step": 1, "epoch": 0.5, "train/accuracy": 0.5},
    {"step": 2, "epoch": 1.0, "train/accuracy": 0.6, "eval/accuracy": 0.4},
    {"step": 3, "epoch": 1.5, "train/accuracy": 0.7, "eval/accuracy": None},
]
DAMAGE = [b'{"step": 4, "epo', b"\x00\x00\x00", b"7", b"[1]", b"\xff\xfe", b"[" * 100_000]


def write(path: Path, damage: bytes = b"") -> Path:
    lines = [json.dumps(row).encode() for row in ROWS]
    path.write_bytes(b"\n".join([*lines, damage]))
    return path


@pytest.mark.parametrize("damage", [b"", *DAMAGE])
def test_rows_are_read_in_both_directions_and_damaged_lines_are_ignored(
    tmp_path: Path, damage: bytes
) -> None:
    path = write(tmp_path / "metrics.jsonl", damage)
    assert list(read_rows(path)) == ROWS
    assert list(read_last_rows(path)) == ROWS[::-1]
    assert list(read_rows(path, "eval/accuracy")) == ROWS[1:]
    assert list(read_last_rows(path, "eval/accuracy")) == ROWS[:0:-1]


def test_of_a_long_file_only_the_end_is_read_backwards(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    lines = [json.dumps({"step": step}) for step in range(20_000)]
    path.write_text("\n".join(lines) + "\n")
    steps = [row["step"] for row in read_last_rows(path)]
    assert steps == list(range(19_999, 19_999 - len(steps), -1))
    assert TAIL - 100 < sum(len(line) + 1 for line in lines[-len(steps) :]) <= TAIL


@pytest.mark.parametrize("damage", [b"", *DAMAGE])
def test_the_latest_value_of_a_point_is_the_last_finite_one(tmp_path: Path, damage: bytes) -> None:
    write(tmp_path / "metrics.jsonl", damage)
    goal = Objective(metric="eval/accuracy")
    assert latest_value(tmp_path, goal) == (0.4, 1.5)


@pytest.mark.parametrize("block", [1, 3, 16, 1000])
@pytest.mark.parametrize("end", [b"", b"\n", b'\n{"step": 9'])
def test_lines_are_those_of_the_whole_file_wherever_a_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, end: bytes
) -> None:
    monkeypatch.setattr(metrics_file, "BLOCK", block)
    content = b"\n".join([*(json.dumps(row).encode() for row in ROWS), b"", b"\n"]) + end
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(content)
    assert [line for line in read_lines(path) if line] == [x for x in content.split(b"\n") if x]
    assert list(read_rows(path)) == ROWS
    assert list(read_rows(path, "eval/accuracy")) == ROWS[1:]


def test_a_line_beyond_the_limit_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_file, "BLOCK", 16)
    monkeypatch.setattr(metrics_file, "LONGEST", 100)
    lines = [json.dumps(row) for row in ROWS]
    long = json.dumps({"step": 9, "text": "x" * 1000})
    path = tmp_path / "metrics.jsonl"
    path.write_text("\n".join([lines[0], long, *lines[1:], long]))
    assert list(read_rows(path)) == ROWS


def test_a_record_beyond_the_limit_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "metrics.jsonl")
    monkeypatch.setattr(metrics_file, "LARGEST", path.stat().st_size)
    assert list(read_rows(path)) == ROWS
    monkeypatch.setattr(metrics_file, "LARGEST", path.stat().st_size - 1)
    with pytest.raises(OSError, match="has more than"):
        list(read_rows(path))
