"""The console. Oracle: the documented lines, and no control characters on a pipe."""

import io
import re
from pathlib import Path

import pytest

from darnax.printing import format_duration
from darnax.tracking.console import Console, _Clock

SUMMARY = {
    "status": "finished",
    "metrics": {"train/accuracy": 0.95, "eval/accuracy": 0.941, "norm/w_in": 3.0},
    "best": {"eval/accuracy": 0.9438},
    "epochs": 2,
    "steps": 20,
    "wall_seconds": 252.1,
    "images_per_second": 12345.4,
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(stream: io.StringIO) -> str:
    folder, device = Path("outputs/chain/x"), "NVIDIA H200 (gpu)"
    console = Console(20, epochs=2, name="chain", folder=folder, device=device, stream=stream)
    for step in range(5, 21, 5):
        evaluation = {"eval/accuracy": 0.9} if step % 10 == 0 else {}
        console.log(
            {"train/accuracy": step / 40, "time/images_per_second": 100.4, **evaluation},
            step=step,
            epoch=step / 10,
        )
    console.finish(SUMMARY)
    return stream.getvalue()


def test_a_pipe_gets_one_plain_line_per_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    assert run(io.StringIO()).splitlines() == [
        "device NVIDIA H200 (gpu)",
        "compiling…",
        "epoch 1/2  step 10/20  train 25.00%  eval 90.00%  100 images/s",
        "epoch 2/2  step 20/20  train 50.00%  eval 90.00%  100 images/s",
        "finished chain  2 epochs  20 steps  4 min 12 s  mean 12345 images/s",
        "eval best 94.38%  last 94.10%",
        "train 95.00%",
        "folder outputs/chain/x",
    ]


def test_one_epoch_of_one_step_is_singular_and_has_one_number() -> None:
    stream = io.StringIO()
    Console(1, epochs=1, stream=stream).finish(SUMMARY | {"epochs": 1, "steps": 1.0, "best": {}})
    lines = stream.getvalue().splitlines()
    assert lines[1].startswith("finished run  1 epoch  1 step  ")
    assert lines[2:] == ["eval 94.10%", "train 95.00%"]


def test_a_network_at_chance_is_marked_in_every_line_and_at_the_end() -> None:
    stream = io.StringIO()
    console = Console(20, epochs=2, stream=stream)
    console.log({"eval/accuracy": 0.1, "eval/at_chance": 1.0}, step=10, epoch=1)
    console.log({"eval/accuracy": 0.9, "eval/at_chance": 0.0}, step=20, epoch=2)
    console.finish(SUMMARY | {"warning": "at chance: eval"})
    lines = stream.getvalue().splitlines()
    assert lines[1:3] == [
        "epoch 1/2  step 10/20  eval 10.00%, at chance",
        "epoch 2/2  step 20/20  eval 90.00%",
    ]
    assert lines[4] == "warning: at chance: eval"


def test_a_terminal_keeps_the_same_lines_and_gets_its_cursor_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    shown = run(Terminal())
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "epoch 1/2  step 10/20  train 25.00%  eval 90.00%  100 images/s" in plain
    assert "compiling…" in plain
    assert "chain finished" in plain
    assert "94.38%" in plain
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_an_epoch_without_evaluation_leaves_a_line_and_a_resumed_one_is_not_repeated() -> None:
    stream = io.StringIO()
    console = Console(40, start_step=20, epochs=4, stream=stream)
    for step in (25, 30):
        console.log({"train/accuracy": 0.5}, step=step, epoch=step / 10)
    assert stream.getvalue().splitlines() == ["compiling…", "epoch 3/4  step 30/40  train 50.00%"]


def test_a_run_of_many_epochs_leaves_a_hundred_lines_and_those_of_evaluations() -> None:
    stream = io.StringIO()
    console = Console(500, epochs=500, stream=stream)
    for epoch in range(1, 501):
        evaluated = {"eval/accuracy": 0.9} if epoch == 252 else {}
        console.log({"train/accuracy": 0.5} | evaluated, step=epoch, epoch=epoch)
    ends = [int(line.split()[1].split("/")[0]) for line in stream.getvalue().splitlines()[1:]]
    assert ends == sorted([*range(5, 501, 5), 252])


def test_a_run_that_failed_at_once_has_a_summary_too() -> None:
    stream = io.StringIO()
    Console(40, epochs=4, stream=stream).finish({"status": "failed", "metrics": {}, "best": {}})
    assert stream.getvalue().splitlines() == ["compiling…", "failed run"]


def test_time_left_does_not_count_what_came_before_the_first_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter((100.0, 110.0))  # 20 steps in 10 s, 70 to go
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    clock = _Clock(100)
    assert [clock.time_left(10), clock.time_left(30)] == ["", "35.0 s left"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.04, "2.0 s"), (252.1, "4 min 12 s"), (119.9, "2 min 00 s"), (7505, "2 h 05 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds, precise=True) == text
