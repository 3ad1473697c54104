"""The page of one run. Oracles: the files of the run, and cases worked out by hand."""

import json
from pathlib import Path

import pytest
import yaml
from runs_on_disk import make
from test_page import data_of

import darnax
from darnax.api.run_background import describe_background
from darnax.errors import RequestError
from darnax.reports import run_charts, run_page
from darnax.reports.digest import Digest
from darnax.reports.run_page import Background
from darnax.reports.runs import read


def write_page(run: Path, file: Path) -> dict:
    darnax.compare(run).to_html(file)
    return data_of(file)


def test_the_page_of_one_run_shows_its_curves_and_files(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5, depth=2)
    (run / "checkpoints" / "step-0000000030.safetensors").write_bytes(b"x" * 20_000)
    (run / "train.log").write_text("a warning\n")
    data = write_page(run, tmp_path / "page.html")
    (accuracy,) = [chart for chart in data["charts"] if chart["kind"] == "accuracy"]
    assert accuracy["curves"][0]["x"] == [1, 2, 3]
    assert accuracy["curves"][0]["y"][-1] == 0.5
    # A metric that never changes is listed, not drawn.
    (norm,) = [chart for chart in data["charts"] if chart["kind"] == "norm"]
    assert (norm["curves"], norm["constant"]) == ([], [{"name": "w_in", "value": 50.0}])
    assert [line[:2] for line in data["checkpoints"]] == [["step-0000000030", "0.02 MB"]]
    assert ["total", "1 min 5 s"] in data["time"]
    assert ["commit", "abc"] in data["environment"]
    assert data["log"] == "a warning\n"
    assert ["eval/accuracy", "50.00%", "last value"] in data["facts"]


def test_the_page_of_a_run_opened_in_python_is_that_of_its_comparison(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    written = darnax.load(run).to_html(tmp_path / "run.html")
    assert written == tmp_path / "run.html"
    page, other = data_of(written), write_page(run, tmp_path / "compare.html")
    assert page.pop("made").startswith("20")
    del other["made"]
    assert page == other


def test_a_configuration_has_one_colour_on_its_own_page_and_on_that_of_several(tmp_path):
    seeds = [make(tmp_path, f"2026-01-01_00-00-0{i}-aaaaaa", 0.5, seed=i) for i in (1, 2)]
    other = make(tmp_path, "2026-01-01_00-00-03-aaaaaa", 0.5, depth=7)
    alone = [write_page(run, tmp_path / "page.html")["colour"] for run in (*seeds, other)]
    assert alone[0] == alone[1] != alone[2]
    darnax.compare(tmp_path).to_html(tmp_path / "all.html")
    assert {row["colour"] for row in data_of(tmp_path / "all.html")["rows"]} == set(alone)


def test_a_run_without_a_readable_configuration_differs_in_nothing(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    (run / "overrides.yaml").write_text("- +experiment=digits_smoke\n")
    (run / "config.yaml").write_text("a: [")
    data = write_page(run, tmp_path / "page.html")
    assert (data["config"], data["differences"]) == ([], None)


def test_settings_are_differences_from_those_of_the_experiment(tmp_path):
    config = darnax.compose("+experiment=digits_smoke", "model.layers.hidden.j_d=0.25")
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    (run / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (run / "overrides.yaml").write_text("- +experiment=digits_smoke\n")
    data = write_page(run, tmp_path / "page.html")
    default = darnax.compose("+experiment=digits_smoke")["model"]["layers"]["hidden"]["j_d"]
    assert data["baseline"] == "digits_smoke"
    assert data["differences"] == [["model.layers.hidden.j_d", str(default), "0.25"]]
    assert data["wiring"].startswith("<svg")


def test_code_that_a_folder_names_is_not_run_to_draw_its_network(tmp_path):
    config = darnax.compose("+experiment=digits_smoke")
    config["trust"] = ["mylab"]
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    (run / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    background = describe_background(run)
    assert background.wiring == ""
    assert "mylab" in background.wiring_note


def test_the_experiment_of_a_foreign_folder_is_a_name_and_nothing_else(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    (run / "overrides.yaml").write_text("- +experiment=${oc.env:HOME}\n")
    assert describe_background(run).name == ""


@pytest.mark.parametrize("file", ["summary.json", "config.yaml", "metrics.jsonl"])
def test_a_damaged_run_has_a_page_with_what_can_be_read(tmp_path, file):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    (run / file).write_text("[")
    data = write_page(run, tmp_path / "page.html")
    assert data["name"] == run.name
    if file != "metrics.jsonl":
        assert data["status"] == "damaged"
        assert file in data["notes"][0]
        assert data["charts"]
    else:
        assert data["charts"] == []


@pytest.mark.parametrize("words", ["</script><script>alert(1)</script>", "\x1b[2J", "<img src=x>"])
def test_texts_of_a_foreign_folder_are_escaped(tmp_path, words):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5, name=words, **{words: words})
    (run / "train.log").write_text(words)
    (run / "environment.json").write_text(json.dumps({"command": words, words: words}))
    summary = json.loads((run / "summary.json").read_text()) | {"reason": words}
    (run / "summary.json").write_text(json.dumps(summary))
    darnax.compare(run).to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.count("<script") == page.count("</script>") == 3 + page.count("<script>alert")
    assert words not in page
    data = data_of(tmp_path / "page.html")
    assert "\x1b" not in data["log"] + "".join(data["notes"])


def test_metrics_of_one_kind_share_a_chart():
    names = [
        "relax/free/flips",
        "relax/clamped/flips",
        "train/accuracy",
        "eval/accuracy",
        "field/a",
    ]
    names += ["eval/accuracy_sd", "eval/at_chance", "time/compile_seconds"]
    found = run_charts.group(names)
    assert {kind: [s.label for s in series] for kind, series in found.items()} == {
        "accuracy": ["eval", "train"],
        "flips": ["clamped", "free"],
        "field": ["a"],
    }


def test_the_curves_of_a_run_are_bounded_and_the_page_says_so(monkeypatch):
    points = {f"norm/{i}": ([1.0, 2.0], [float(i), i + 1.0]) for i in range(100)}
    charts, left_out = run_charts.collect(Digest({}, points, False))
    assert len(charts[0]["curves"]) == run_charts.MOST_SERIES
    assert "24 of 100 curves of norm are shown" in left_out[0]
    monkeypatch.setattr(run_charts, "MOST_BYTES", 10)
    points = {"norm/a": ([1.0, 2.0], [0.0, 1.0]), "update/a": ([1.0, 2.0], [0.0, 1.0])}
    charts, left_out = run_charts.collect(Digest({}, points, False))
    assert len(charts) == 1
    assert "not shown" in left_out[0]


def test_no_value_on_the_page_is_long(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5, long="x" * 100_000)
    found = run_page.collect(read(run), tmp_path, Background())
    assert max(len(value) for _, value in found["config"]) == run_page.LONGEST


def test_a_run_without_a_validation_split_has_a_page(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    summary = json.loads((run / "summary.json").read_text())
    summary["metrics"] = {"test/accuracy": 0.9}
    (run / "summary.json").write_text(json.dumps(summary))
    data = write_page(run, tmp_path / "page.html")
    assert ["test/accuracy", "90.00%", "last value"] in data["facts"]
    with pytest.raises(RequestError, match="no finished run has eval/accuracy"):
        darnax.compare(run, metric="eval/accuracy")
