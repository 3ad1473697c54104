"""The live table of a sweep. Oracle: a sweep whose points are known."""

import io

import pytest
from rich.console import Console

from darnax.api.sweep_status import SweepStatus
from darnax.cli import sweep_board
from darnax.sweeps.point import Objective
from darnax.sweeps.point_table import row
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
    def visible(finished: int, waiting: int) -> list[str]:
        status = SweepStatus(states(finished, waiting), GOAL)
        return [name for name, *_ in sweep_board.select_visible(status.rows)]

    assert len(visible(3, 4)) == 7
    assert visible(30, 20) == [f"seed={n}" for n in range(22, 32)]
    assert visible(30, 0) == [f"seed={n}" for n in range(20, 30)]


def test_the_board_shows_the_points_and_a_summary_line(screen):
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(sweep_board.render_table(SweepStatus(states(2, 1), GOAL)))
    lines = [line.strip() for line in console.export_text().splitlines()]
    assert [line.split()[:4] for line in lines if line.startswith("seed=")] == [
        ["seed=0", "finished", "2/2", "90.00%"],
        ["seed=1", "finished", "2/2", "90.10%"],
        ["seed=2", "waiting"],
    ]
    assert lines[-1] == "2 of 3 points finished · best point 90.10% (seed=1) · about 1 min 0 s left"


@pytest.mark.parametrize(
    ("name", "is_one_of_several"),
    [("j_d=0.5 seed=1", True), ("seed=1 j_d=0.5", True), ("seed=1", False), ("j_d=0.5", False)],
)
def test_the_best_point_is_no_best_setting_where_seeds_are_swept(name, is_one_of_several):
    summary = SweepStatus([State(name, "finished", 0.9)], GOAL).summary
    assert f"best point 90.00% ({name})" in summary
    assert ("choose a setting with darnax compare" in summary) == is_one_of_several


def test_a_time_beyond_a_day_is_given_in_days():
    assert "1 d 2 h" in row(State("seed=0", "finished", seconds=DAY + 7200), GOAL)
