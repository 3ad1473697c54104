"""The page of one run shows the tables in its folder, and works in a real browser."""

import csv
import json
import re

import pytest
from browser import act
from runs_on_disk import make

from darnax.analysis.table import Table, write
from darnax.errors import RequestError
from darnax.reports import analysis
from darnax.reports.score_curve import ScoreCurve

TABLES = {
    "relaxation": [("dynamics", "layer", "phase", "step", "flips"),
                   ("training", "hidden1", "free", 1, 0.5),
                   ("training", "hidden1", "free", 2, 0.0),
                   ("inference", "hidden1", "recall", 1, 1.0)],
    "spectra": [("layer", "when", "real", "imaginary"),
                ("hidden1", "before", 0.5, -0.5), ("hidden1", "after", 1.5, "nan")],
    "probes": [("buffer", "score"), ("</script>", 0.9), ("<a href='https://x'>x</a>", 0.95)],
}  # fmt: skip


@pytest.fixture
def run(tmp_path):
    folder = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.95)
    (folder / "analysis").mkdir()
    for name, rows in TABLES.items():
        with (folder / "analysis" / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    return folder


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(), re.DOTALL)[1])


def test_every_table_is_a_figure(run):
    data = data_of(analysis.write(run, "best.safetensors (step 5)"))
    assert (data["title"], data["name"]) == ("chain", "2026-01-01_00-00-00-aaaaaa")
    assert data["checkpoint"] == "best.safetensors (step 5)"
    assert data["metrics"] == {"eval/accuracy": 0.95}
    relaxation, spectra, probes = data["figures"]
    assert relaxation["panels"] == {
        "training, hidden1": [{"name": "free", "x": [1, 2], "y": [0.5, 0]}],
        "inference, hidden1": [{"name": "recall", "x": [1], "y": [1]}],
    }
    assert [trace["y"] for trace in spectra["panels"]["hidden1"]] == [[-0.5], [None]]
    assert probes["panels"] == {
        "": [{"name": "score", "x": ["</script>", "<a href='https://x'>x</a>"], "y": [0.9, 0.95]}]
    }


def test_names_that_look_like_formulas_are_read_back(run):
    write(
        "probes",
        Table(("buffer", "score"), [("=1+1", -0.5), ("'quoted", 0.5), ("-x", float("nan"))]),
        run / "analysis",
    )
    text = (run / "analysis" / "probes.csv").read_text().split()
    assert text == ["buffer,score", "'=1+1,-0.5", "''quoted,0.5", "'-x,nan"]
    probes = data_of(analysis.write(run))["figures"][-1]
    assert probes["panels"] == {
        "": [{"name": "score", "x": ["=1+1", "'quoted", "-x"], "y": [-0.5, 0.5, None]}]
    }


def test_an_empty_analysis_is_reported(tmp_path):
    with pytest.raises(RequestError, match="darnax analyse"):
        analysis.write(make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.95))


ACT = """
const plots = [...document.querySelectorAll(".plot")];
const choices = [...document.querySelectorAll("main select")];
seen.header = document.querySelector("header").textContent;
seen.score = plots.at(-1).querySelectorAll(".bartext")[0].textContent;
seen.titles = [...document.querySelectorAll("h2")].map((h) => h.textContent);
seen.first = plots[0].data[0].name; seen.shown = choices.map((c) => !c.hidden);
choices[0].value = "inference, hidden1"; choices[0].onchange();
seen.second = plots[0].data[0].name;
seen.drawn = plots.map((plot) => plot.querySelectorAll("svg .trace, svg .point").length > 0);
seen.links = document.querySelectorAll(".plot a, .plot svg a").length;
seen.wide = document.documentElement.scrollWidth <= window.innerWidth;
"""


@pytest.mark.slow
def test_in_a_browser(run):
    seen = act(analysis.write(run, "best.safetensors (step 5)"), ACT, "--window-size=480,1200")
    assert "best.safetensors (step 5)" in seen["header"]
    assert seen["score"] == "90.00%"  # as many digits as all others
    assert seen["titles"] == ["Relaxation", "Spectrum of J", "Linear probes"]
    assert (seen["first"], seen["second"]) == ("free", "recall")
    assert seen["shown"] == [True, False, False]
    assert all(seen["drawn"])
    assert seen["links"] == 0
    assert seen["wide"]


BARS = """
seen.lines = document.querySelectorAll(".plot .scatterlayer .trace").length;
seen.bars = document.querySelectorAll(".plot .errorbar").length;
const width = (name) => document.querySelector(name).offsetWidth;
seen.share = width("section") / width("main");
"""


@pytest.mark.slow
def test_errors_of_a_curve_are_bars_in_a_browser(tmp_path):
    scores, errors = (0.9, 0.5), (0.01, 0.02)
    curve = ScoreCurve("noise", ("0", "0.5"), scores, errors, 100, "accuracy", "last")
    curve.write_page(tmp_path / "page.html")
    seen = act(tmp_path / "page.html", BARS, "--window-size=1400,1200")
    assert (seen["lines"], seen["bars"]) == (1, 2)
    assert seen["share"] > 0.9  # one figure has the whole width
