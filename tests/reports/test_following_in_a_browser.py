"""A page that is followed, in Chromium: a run appears, its curve grows, it ends."""

import json
import threading
import time
from pathlib import Path

import pytest
from browser import Browser
from runs_on_disk import make

from darnax.api.following import follow_page

pytestmark = pytest.mark.slow

POINTS = 'id("chart-accuracy").data.at(-1).x.length'

# In one expression each: between two, the page may reload.
SELECT = """
id("smoothing").value = 0.5, id("log accuracy").click(), id("theme").click(),
Plotly.relayout("chart-accuracy", {"xaxis.range": [0, 9]}),
document.documentElement.dataset.theme
"""
ARRANGE = """
addChart("norm/w_in"), drawCurves(), id("filter").value = "depth>0",
document.querySelectorAll("#table th")[1].click()
"""


def add_row(run: Path, epoch: int) -> None:
    row = {"step": 10 * epoch, "epoch": float(epoch), "eval/accuracy": 0.5 + epoch / 100}
    with (run / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


def finish(run: Path) -> None:
    metrics = {"eval/accuracy": 0.55}
    summary = {"status": "finished", "metrics": metrics, "wall_seconds": 65.0}
    (run / "summary.json").write_text(json.dumps(summary))


def wait_for(page: Path) -> None:
    deadline = time.monotonic() + 60
    while not page.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def follower(tmp_path):
    """Follow `tmp_path/outputs`, where there is no run yet; return what is reported."""
    reported = []
    (tmp_path / "outputs").mkdir()
    thread = threading.Thread(
        daemon=True,
        target=follow_page,
        args=([tmp_path / "outputs"], tmp_path / "page.html", reported.append),
        kwargs={"every": 1, "patience": 3},
    )
    thread.start()
    yield thread, reported
    thread.join(60)


def test_a_run_in_progress_appears_grows_and_ends(tmp_path, follower):
    thread, reported = follower
    page = tmp_path / "page.html"
    time.sleep(1)
    assert not page.exists()
    assert "waiting for a run" in reported[0]
    run = make(tmp_path / "outputs", "2026-01-01_00-00-00-aaaaaa", status="running")
    add_row(run, 1)
    add_row(run, 2)
    wait_for(page)
    browser = Browser(page, tmp_path / "profile")
    try:
        assert browser.wait(POINTS) == 2
        assert "running" in browser.wait('id("summary").textContent')
        assert browser.wait('!id("following").hidden')
        # What is selected stays selected when the page reloads itself.
        theme = browser.wait(SELECT)
        add_row(run, 3)
        add_row(run, 4)
        assert browser.wait(f"{POINTS} === 4")
        assert browser.wait('id("smoothing").value') == "0.5"
        assert browser.wait('id("log accuracy").checked')
        assert browser.wait("document.documentElement.dataset.theme") == theme
        assert browser.wait('id("chart-accuracy").layout.xaxis.range') == [0, 9]
        finish(run)
        assert browser.wait('id("summary").textContent.includes("finished")')
        thread.join(30)
        assert browser.wait('id("following").hidden')
        assert browser.wait('id("smoothing").value') == "0.5"
        assert {url.partition(":")[0] for url in browser.requested} <= {"file", "data", "blob"}
    finally:
        browser.close()


def test_a_comparison_keeps_its_curves_and_its_order_while_it_is_followed(tmp_path, follower):
    thread, _ = follower
    runs = tmp_path / "outputs"
    going = make(runs, "2026-01-01_00-00-00-aaaaaa", 0.7, status="running", depth=1)
    make(runs, "2026-01-01_00-00-01-aaaaaa", 0.6, depth=2)
    wait_for(tmp_path / "page.html")
    browser = Browser(tmp_path / "page.html", tmp_path / "profile")
    styles = "JSON.stringify(data.rows.map((row) => [row.values, colourOf.get(row)]).sort())"
    try:
        browser.wait("data.rows.length === 2")
        before = browser.wait(f"{ARRANGE}, {styles}")
        finish(going)
        browser.wait("data.rows.every((row) => !row.unfinished)")
        assert browser.wait(styles) == before
        assert browser.wait('added.has("norm/w_in") && id("filter").value') == "depth>0"
        assert browser.wait("order.column === 0")
        thread.join(30)
        assert browser.wait('id("following").hidden')
    finally:
        browser.close()
