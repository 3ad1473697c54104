"""Charts saved as SVG and CSV, in Chromium. Oracle: the record of the run, Python's XML reader."""

import csv
import json
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from browser import Browser
from runs_on_disk import make, sweep

import darnax

pytestmark = pytest.mark.slow

SVG = "{http://www.w3.org/2000/svg}"


def press(browser: Browser, chart: str, name: str) -> None:
    """Press a button of a chart, as its menu does; Plotly finds it by its title."""
    button = f'document.getElementById("{chart}").querySelector("[data-title*={name}]")'
    assert browser.wait(f"{button} && ({button}.click(), true)")


def wait_for_file(folder: Path, name: str) -> str:
    """Return the content of a file that the browser saves."""
    deadline = time.monotonic() + 60
    while not (folder / name).exists():
        assert time.monotonic() < deadline, sorted(folder.iterdir())
        time.sleep(0.1)
    return (folder / name).read_text()


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens a page, whose files are saved in `tmp_path/saved`."""
    browsers = []

    def open_page(page: Path) -> Browser:
        browser = Browser(page, tmp_path / "profile")
        browsers.append(browser)
        browser.save_in(tmp_path / "saved")
        return browser

    (tmp_path / "saved").mkdir()
    yield open_page
    for browser in browsers:
        browser.close()


def read_record(run: Path) -> list[list[str]]:
    """Return the rows of the CSV of the accuracies of a run; a page has six digits of them."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [["eval", f"{row['epoch']:g}", f"{row['eval/accuracy']:.6g}"] for row in lines]


def test_a_chart_of_a_run_is_saved_with_its_numbers(tmp_path, opened):
    run = make(tmp_path / "runs", "2026-01-01_00-00-00-aaaaaa", 0.5)
    browser = opened(darnax.load(run).to_html(tmp_path / "run.html"))
    browser.wait("true")
    browser.run('id("smoothing").value = 0.9; drawAll()')  # the file has what was logged
    press(browser, "chart-accuracy", "CSV")
    table = list(csv.reader(wait_for_file(tmp_path / "saved", "chart-accuracy.csv").splitlines()))
    assert table == [["series", "x", "y"], *read_record(run)]
    press(browser, "chart-accuracy", "SVG")
    root = ElementTree.fromstring(wait_for_file(tmp_path / "saved", "chart-accuracy.svg"))
    assert root.tag == f"{SVG}svg"
    words = {element.text for element in root.iter() if element.text}
    assert {"epoch", "accuracy"} <= words
    lines = [path for path in root.iter(f"{SVG}path") if path.get("class") == "js-line"]
    assert len(lines) == 2  # what was logged, and the smoothed curve
    links = {element.get("href", "#") for element in root.iter()}
    assert all(link.startswith(("#", "data:")) for link in links)


def test_the_map_of_a_sweep_is_saved_with_its_numbers(tmp_path, opened):
    table = darnax.compare(sweep(tmp_path))
    browser = opened(table.to_html(tmp_path / "page.html"))
    press(browser, "map", "CSV")
    rows = list(csv.reader(wait_for_file(tmp_path / "saved", "map.csv").splitlines()))
    cells = {(j_d, depth): float(value) for j_d, depth, value in rows[1:]}
    expected = {(str(j_d), str(depth)): mean for (depth, j_d), mean in means_of(table).items()}
    assert cells == pytest.approx(expected)
    press(browser, "map", "SVG")
    root = ElementTree.fromstring(wait_for_file(tmp_path / "saved", "map.svg"))
    words = {element.text for element in root.iter() if element.text}
    assert {"model.depth", "model.layers.hidden.j_d"} <= words


def means_of(table) -> dict[tuple, float]:
    """Return depth and j_d -> mean of every row."""
    assert table.columns == ("model.depth", "model.layers.hidden.j_d")
    return {row.values: row.mean for row in table.rows}
