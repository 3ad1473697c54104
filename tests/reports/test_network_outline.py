"""network.json, from which the page of a run draws its network. Oracle: the built network."""

import json
import subprocess
import sys

import pytest
from runs_on_disk import make

import darnax
from darnax.api.run_background import describe_background
from darnax.builder import build, describe
from darnax.diagrams.picture import svg
from darnax.reports import outline

WITHOUT_JAX = """
import sys, darnax
darnax.compare(sys.argv[1]).to_html(sys.argv[2])
raise SystemExit("jax" in sys.modules)
"""


@pytest.fixture(scope="module")
def config():
    return darnax.compose("+experiment=digits_smoke", "model.depth=2")


@pytest.fixture
def run(tmp_path, config):
    folder = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    content = build(config).outline().as_json()
    (folder / outline.FILE).write_text(json.dumps(content))
    return folder


def test_the_picture_of_an_outline_is_that_of_the_description(run, config):
    found = outline.read(run / outline.FILE)
    assert found == build(config).outline()
    assert svg(found) == svg(describe(config))


def test_the_page_of_a_run_is_written_without_jax(run, tmp_path):
    command = [sys.executable, "-c", WITHOUT_JAX, str(run), str(tmp_path / "page.html")]
    subprocess.run(command, check=True, timeout=300)
    assert "<svg" in describe_background(run).wiring


@pytest.mark.parametrize(
    "change",
    [
        {"buffers": []},
        {"buffers": [["input", [-1]], ["output", [1]]]},
        {"buffers": [["x" * 1000, [1]], ["output", [1]]]},
        {"modules": [{"name": "w"}]},
        {"modules": [[]]},
        {"modules": 3},
    ],
)
def test_a_file_that_no_run_writes_is_not_drawn(run, change):
    file = run / outline.FILE
    content = json.loads(file.read_text()) | change
    file.write_text(json.dumps(content))
    assert outline.read(file) is None


@pytest.mark.parametrize("key", ["sender", "receiver"])
@pytest.mark.parametrize("value", [-1, 10**9, True, "0", 0.0])
def test_positions_are_those_of_buffers(run, key, value):
    file = run / outline.FILE
    content = json.loads(file.read_text())
    content["modules"][0][key] = value
    file.write_text(json.dumps(content))
    assert outline.read(file) is None


@pytest.mark.parametrize("words", ["", "{", "[]", "null", "[" * 100_000])
def test_a_damaged_file_is_as_none(run, words):
    (run / outline.FILE).write_text(words)
    assert outline.read(run / outline.FILE) is None
