"""Oracle: the strict reading of JSON by the standard library, line by line."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from darnax.atomic import write_atomically
from darnax.tracking.jsonl import Jsonl
from darnax.tracking.strict_json import encode


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def rows(path: Path) -> list[dict[str, float | None]]:
    return [json.loads(line, parse_constant=refuse) for line in path.read_text().splitlines()]


def write(path: Path, steps: range, keep_until: int | None = None) -> None:
    tracker = Jsonl(path, keep_until)
    for step in steps:
        tracker.log({"train/accuracy": step / 10}, step=step, epoch=step / 4)
    tracker.finish({"status": "finished"})


def test_each_row_is_on_disk_as_soon_as_it_is_logged(tmp_path: Path) -> None:
    tracker = Jsonl(tmp_path / "metrics.jsonl")
    for step in (1, 2):
        tracker.log({"eval/accuracy": 0.5}, step=step, epoch=step / 2)
        assert rows(tmp_path / "metrics.jsonl")[-1] == {
            "step": step,
            "epoch": step / 2,
            "eval/accuracy": 0.5,
        }
    tracker.finish({})


def test_numbers_outside_of_json_become_null(tmp_path: Path) -> None:
    tracker = Jsonl(tmp_path / "metrics.jsonl")
    tracker.log(
        {
            "a": float("nan"),
            "b": np.float32("inf"),
            "c": jnp.asarray(-jnp.inf),
            "d": jnp.asarray(0.5),
        },
        step=1,
        epoch=0.1,
    )
    tracker.finish({})
    assert rows(tmp_path / "metrics.jsonl") == [
        {"step": 1, "epoch": 0.1, "a": None, "b": None, "c": None, "d": 0.5}
    ]


def test_resuming_drops_later_rows(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    write(path, range(1, 6))
    write(path, range(4, 8), keep_until=3)
    assert [row["step"] for row in rows(path)] == [1, 2, 3, 4, 5, 6, 7]


def test_the_last_logged_step_is_known_after_another_kill(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    for steps, keep_until, last in (
        (range(1, 9), None, -1),
        (range(4, 6), 3, 8),
        (range(4, 5), 3, 8),
        (range(2, 12), 1, 8),
        ([], None, 11),
    ):
        tracker = Jsonl(path, keep_until)
        assert tracker.last_reported == last
        for step in steps:
            tracker.log({}, step=step, epoch=1.0)
        tracker.finish({})
    assert [row["step"] for row in rows(path)] == list(range(1, 12))


def test_the_last_logged_step_of_a_former_version_is_read(tmp_path: Path) -> None:
    """Oracle: the file metrics.told, which former versions wrote for the same purpose."""
    path = tmp_path / "metrics.jsonl"
    write(path, range(1, 4))
    (tmp_path / "metrics.told").write_text('{"step": 8}')
    tracker = Jsonl(path, 2)
    tracker.finish({})
    assert tracker.last_reported == 8
    assert json.loads((tmp_path / "metrics.last_reported").read_text()) == {"step": 8}
    (tmp_path / "metrics.told").unlink()
    tracker = Jsonl(path)
    tracker.finish({})
    assert tracker.last_reported == 8


@pytest.mark.parametrize("tail", ['{"step": 4, "epo', "\x00\x00\x00", "7", '{"epoch": 1.0}'])
def test_an_incomplete_last_line_is_dropped(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "metrics.jsonl"
    write(path, range(1, 4))
    with path.open("a") as file:
        file.write(tail)
    write(path, range(4, 6))
    assert [row["step"] for row in rows(path)] == [1, 2, 3, 4, 5]


def test_a_whole_last_line_without_its_newline_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}')
    write(path, range(3, 4))
    assert [row["step"] for row in rows(path)] == [1, 2, 3]


def test_strict_json_keeps_plain_values() -> None:
    value = {"a": [1, True, None, "ß"], "b": {"c": 0.1}}
    assert json.loads(encode(value)) == value
    assert json.loads(encode({"p": Path("x"), "t": (np.int32(3), np.bool_(True))})) == {
        "p": "x",
        "t": [3, True],
    }


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomically(tmp_path / "a", "old")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(tmp_path / "a", "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]
