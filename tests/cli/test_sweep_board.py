"""The live table of a sweep. Oracle: a sweep whose points are known."""

import io

import pytest
from rich.console import Console

from darnax.cli import sweep_board
from darnax.sweeps.point import Objective
from darnax.sweeps.point_table import row
from darnax.sweeps.record import Record
from darnax.sweeps.survey import State

GOAL = Objective()
DAY = 86400.0


def states(finished: int, waiting: int) -> list[State]:
    done = [State(f"seed={n}", "finished", 0.9 + n / 1000, 2.0, 2.0, 60.0) for n in range(finished)]
    return [*done, *(State(f"seed={finished + n}", "waiting", of=2.0) for n in range(waiting))]


@pytest.fixture
def screen(monkeypatch):
    """Return a terminal of 16 lines, enough for ten points."""
    monkeypatch.setenv("LINES", "16")


def test_recent_and_next_points_fit_on_the_screen(screen):
    assert len(sweep_board.select_visible(states(3, 4))) == 7
    shown = sweep_board.select_visible(states(30, 20))
    assert [state.name for state in shown] == [f"seed={n}" for n in range(22, 32)]
    assert sweep_board.select_visible(states(30, 0)) == states(30, 0)[-10:]


def test_the_board_shows_the_points_and_a_summary_line(screen, monkeypatch, tmp_path):
    monkeypatch.setattr(sweep_board, "survey", lambda record: states(2, 1))
    record = Record(tmp_path, [], None, tmp_path, [], [], goal=GOAL)
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(sweep_board.render_table(record))
    lines = [line.strip() for line in console.export_text().splitlines()]
    assert [line.split()[:4] for line in lines if line.startswith("seed=")] == [
        ["seed=0", "finished", "2/2", "90.00%"],
        ["seed=1", "finished", "2/2", "90.10%"],
        ["seed=2", "waiting"],
    ]
    assert lines[-1] == "2 of 3 points finished · best 90.10% (seed=1) · about 1 min 0 s left"


def test_a_time_beyond_a_day_is_given_in_days():
    assert "1 d 2 h" in row(State("seed=0", "finished", seconds=DAY + 7200), GOAL)
