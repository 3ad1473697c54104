"""The page of one run shows the tables in its folder, and works in a real browser where there is one."""

import csv
import json
import os
import re
import shutil
import subprocess

import pytest
from runs_on_disk import make

from darnax.errors import RequestError
from darnax.reports import analysis

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TABLES = {
    "relaxation": [("dynamics", "layer", "phase", "step", "flips"), ("training", "hidden1", "free", 1, 0.5),
                   ("training", "hidden1", "free", 2, 0.0), ("inference", "hidden1", "recall", 1, 1.0)],
    "spectra": [("layer", "when", "real", "imaginary"), ("hidden1", "before", 0.5, -0.5), ("hidden1", "after", 1.5, "nan")],
    "probes": [("buffer", "score"), ("</script>", 0.9), ("hidden1", 0.95)],
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
    data = data_of(analysis.write(run))
    assert data["title"] == "chain 2026-01-01_00-00-00-aaaaaa"
    assert data["metrics"] == {"eval/accuracy": 0.95}
    relaxation, spectra, probes = data["figures"]
    assert relaxation["panels"] == {
        "training, hidden1": [{"name": "free", "x": [1, 2], "y": [0.5, 0]}],
        "inference, hidden1": [{"name": "recall", "x": [1], "y": [1]}],
    }
    assert [trace["y"] for trace in spectra["panels"]["hidden1"]] == [[-0.5], [None]]
    assert probes["panels"] == {"": [{"name": "score", "x": ["</script>", "hidden1"], "y": [0.9, 0.95]}]}


def test_says_that_nothing_was_measured(tmp_path):
    with pytest.raises(RequestError, match="darnax analyse"):
        analysis.write(make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.95))


ACT = """
<script>
const plots = [...document.querySelectorAll(".plot")];
const choices = [...document.querySelectorAll("main select")];
const titles = [...document.querySelectorAll("h2")].map((h) => h.textContent);
const seen = { titles, first: plots[0].data[0].name, shown: choices.map((c) => !c.hidden) };
choices[0].value = "inference, hidden1"; choices[0].onchange();
seen.second = plots[0].data[0].name;
seen.wide = document.documentElement.scrollWidth <= window.innerWidth;
document.documentElement.dataset.seen = JSON.stringify(seen);
</script>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_in_a_browser(run, tmp_path):
    file = analysis.write(run)
    file.write_text(file.read_text().replace("</body>", ACT + "</body>"))
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    shown = subprocess.run(
        [CHROMIUM, "--headless", *root, "--disable-gpu", "--dump-dom", "--enable-logging=stderr", "--window-size=480,1200",
         f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert not [line for line in shown.stderr.splitlines() if "CONSOLE" in line]
    seen = json.loads(re.search(r'data-seen="([^"]*)"', shown.stdout)[1].replace("&quot;", '"'))
    assert seen["titles"] == ["Relaxation", "Spectrum of J", "Linear probes"]
    assert (seen["first"], seen["second"]) == ("free", "recall")
    assert seen["shown"] == [True, False, False]
    assert seen["wide"]
