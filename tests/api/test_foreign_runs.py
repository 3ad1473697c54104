"""A foreign run folder shown by the Python functions: printable text, no scripts.

Oracle: the characters that a terminal shows, and the elements of a page.
"""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import darnax
from darnax.laboratory.trackers import outputs_of

CONTROL = "\x1b[2J\x07\u202e"
SCRIPT = "</script><img src=x onerror=alert(1)>"
ROW = '{"step":1,"epoch":1,"eval/accuracy":0.5}'
ROWS: dict[str, list[str]] = {
    "names": [json.dumps({"step": 1, "epoch": 1, "eval/" + SCRIPT + CONTROL: 0.5})] * 3,
    "nothing": ['{"step":1,"epoch":1,"eval/accuracy":null}'] * 3,
    "texts": ['{"step":"x","epoch":"y","eval/accuracy":"z"}'] * 3,
    "lists": ['{"step":[],"epoch":{},"eval/accuracy":[1]}'] * 3,
    "null": ['{"step":null,"epoch":null,"eval/accuracy":1}'] * 3,
    "infinite": ['{"step":1e999,"epoch":Infinity,"eval/accuracy":NaN}'] * 3,
    "huge": [ROW.replace("1,", "1" + "0" * 300 + ",", 1).replace("0.5", "-1e308")] * 3,
    "both ends": [ROW.replace("0.5", "1e308"), ROW.replace("0.5", "-1e308")],
    "negative": ['{"step":-1,"epoch":-5,"eval/accuracy":1}'] * 3,
    "empty names": ['{"step":1,"epoch":1,"":1,"/":2,"eval/":3,"test/":4}'] * 3,
}
SUMMARIES: dict[str, dict[str, Any]] = {
    "null": {"metrics": {"eval/accuracy": None, "test/accuracy": None}},
    "huge": {"metrics": {"eval/accuracy": 10**400, "test/accuracy": float("inf")}},
    "names": {"metrics": {"eval/accuracy" + CONTROL: 1, "test/" + SCRIPT: 3.0}},
    "texts": {"reason": SCRIPT + CONTROL, "warning": SCRIPT + CONTROL},
    "steps": {"steps": 10**400, "epochs": 1},
    "epochs": {"steps": 10**6, "epochs": 1e-300},
    "no number": {"steps": float("nan"), "epochs": float("nan")},
    "infinite": {"steps": float("inf"), "epochs": 2},
    "negative": {"steps": -5, "epochs": -2.0},
}
SHOWN: dict[str, Callable[[darnax.Run], str]] = {
    "run": repr,
    "metrics": lambda run: repr(run.metrics),
    "series": lambda run: " ".join(map(repr, run.metrics.values())),
    "models": lambda run: repr((run.models, run.last_models)),
    "runs": lambda run: repr(darnax.runs(run.folder)),
    "compare": lambda run: repr(darnax.compare(run)),
}
PAGES: dict[str, Callable[[darnax.Run], str]] = {
    "run": lambda run: run._repr_html_(),
    "model": lambda run: run.model._repr_html_(),
    "runs": lambda run: darnax.runs(run.folder)._repr_html_(),
    "compare": lambda run: darnax.compare(run)._repr_html_(),
}


def try_showing(run: darnax.Run) -> None:
    """Show everything; a refusal must be a printable message."""
    for name, show in [*SHOWN.items(), *PAGES.items()]:
        try:
            text = show(run)
            assert show is not PAGES.get(name) or "<img" not in text
        except darnax.RequestError as refusal:
            text = str(refusal)
        assert all(line.isprintable() for line in text.split("\n"))


@pytest.fixture
def foreign(trained: darnax.Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.folder, tmp_path / "foreign"))


@pytest.mark.parametrize("rows", ROWS)
def test_a_foreign_record_is_shown(foreign, rows):
    (foreign / "metrics.jsonl").write_text("\n".join(ROWS[rows]) + "\n")
    try_showing(darnax.load(foreign))


@pytest.mark.parametrize("summary", SUMMARIES)
def test_a_foreign_summary_is_shown(foreign, summary):
    known = json.loads((foreign / "summary.json").read_text())
    (foreign / "summary.json").write_text(json.dumps(known | SUMMARIES[summary]))
    try_showing(darnax.load(foreign))


def test_a_foreign_name_is_shown(foreign, trained, tmp_path):
    text = (foreign / "config.yaml").read_text()
    name = json.dumps("=1+1" + SCRIPT + CONTROL)
    text = re.sub(r"(?m)^name: .*$", lambda match: f"name: {name}", text)
    (foreign / "config.yaml").write_text(text)
    try_showing(darnax.load(foreign))
    page = darnax.compare(foreign, trained).to_html(tmp_path / "page.html").read_text()
    assert SCRIPT not in page
    table = darnax.compare(foreign, trained, group_by="name").to_csv(tmp_path / "table.csv")
    assert not re.search(r"(?m)(^|,)\"?=", table.read_text())


def test_paths_of_any_length_are_shown(foreign):
    text = (foreign / "config.yaml").read_text()
    for long in ("x" * 9000, "a/" * 3000, "~" + "y" * 9000):
        changed = re.sub(r"(?m)^  outputs: .*$", f"  outputs: {long}", text)
        (foreign / "config.yaml").write_text(changed)
        assert darnax.load(foreign).model.predict([[[[0]] * 28] * 28]).shape == (1, 10)


def test_trackers_of_a_foreign_run_write_beside_it(tmp_path):
    run, recorded = tmp_path / "outputs" / "name" / "run", tmp_path / "outputs"
    run.mkdir(parents=True)
    assert outputs_of(run, recorded) == recorded
    for anywhere in (tmp_path, Path("/"), Path.home(), run, tmp_path / "absent"):
        assert outputs_of(run, anywhere) == run.parent
