"""Following without a browser. Oracle: the state of the runs on the disk."""

import pytest
from runs_on_disk import make
from test_page import data_of
from typer.testing import CliRunner

from darnax.api import following
from darnax.api.following import Follower, follow_page
from darnax.cli.app import app


def test_a_page_is_written_only_when_a_run_has_logged_something(tmp_path):
    runs, page = tmp_path / "runs", tmp_path / "page.html"
    runs.mkdir()
    follower = Follower([runs], page, {})
    assert not follower.look(5)
    run = make(runs, "2026-01-01_00-00-00-aaaaaa", 0.5, status="running")
    assert follower.look(5)
    assert follower.is_running
    assert data_of(page)["follow"] == 5
    page.unlink()
    assert follower.look(5)
    assert not page.exists()
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 40, "epoch": 4.0, "eval/accuracy": 0.6}\n')
    follower.look(5)
    curve = data_of(page)["charts"][0]["curves"][0]
    assert curve["x"] == [1, 2, 3, 4]


def test_following_ends_when_no_run_is_in_progress_with_a_page_that_does_not_reload(tmp_path):
    make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    said = []
    follow_page([tmp_path], tmp_path / "page.html", said.append, every=0.01, patience=0.02)
    assert data_of(tmp_path / "page.html")["follow"] == 0
    assert "page.html" in said[0]


def test_ctrl_c_leaves_a_complete_page(tmp_path, monkeypatch):
    make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5, status="running")

    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(following.time, "sleep", stop)
    with pytest.raises(KeyboardInterrupt):
        follow_page([tmp_path], tmp_path / "page.html", print)
    assert data_of(tmp_path / "page.html")["follow"] == 0


def test_follow_needs_a_page(tmp_path):
    result = CliRunner().invoke(app, ["compare", str(tmp_path), "--follow"], prog_name="darnax")
    assert result.exit_code == 2
    assert "--html" in result.output
