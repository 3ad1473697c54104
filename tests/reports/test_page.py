"""The page asks nobody for anything, holds the data, and works in a real browser where there is one."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from runs_on_disk import make, sweep

from darnax.errors import RequestError
from darnax.reports import page
from darnax.reports.compare import compare
from darnax.reports.runs import find

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Parts(HTMLParser):
    """Collects what a page would load, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads, self.texts, self.policy, self.inside = [], {"script": [], "style": []}, "", None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.loads += [given[name] for name in ("src", "href", "srcset", "data", "action") if name in given]
        self.inside = tag if tag in self.texts else None
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside:
            self.texts[self.inside].append(data)


def written(place: Path, *runs: Path, file: str = "page.html", **how) -> Path:
    page.write(compare(find(runs), "eval/accuracy", **how), place / file)
    return place / file


def data_of(file: Path) -> dict:
    return json.loads(Parts(file.read_text()).texts["script"][1])


def test_one_file_that_loads_nothing(tmp_path):
    parts = Parts(written(tmp_path, sweep(tmp_path)).read_text())
    assert parts.loads == []
    assert parts.policy.startswith("default-src 'none'")
    assert "http" not in parts.policy
    own = "".join([*parts.texts["style"], parts.texts["script"][2]])
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest", own)


def test_the_page_holds_the_comparison(tmp_path):
    place = sweep(tmp_path)
    comparison = compare(find([place]), "eval/accuracy")
    data = data_of(written(tmp_path, place))
    assert [column["short"] for column in data["columns"]] == ["depth", "j_d"]
    assert [row["values"] for row in data["rows"]] == [list(row.values) for row in comparison.rows]
    assert [row["mean"] for row in data["rows"]] == pytest.approx([row.mean for row in comparison.rows], rel=1e-5)
    assert data["metrics"] == ["eval/accuracy", "norm/w_in"]
    epochs, mean, sd = data["rows"][0]["curves"]["eval/accuracy"]
    assert epochs == [1, 2, 3]
    assert (mean[-1], sd[-1]) == pytest.approx((comparison.rows[0].mean, comparison.rows[0].sd), rel=1e-4)


def test_links_lead_from_the_page_to_the_runs(tmp_path):
    (tmp_path / "pages").mkdir()
    folder = make(tmp_path / "a name & more", "2026-01-01_00-00-00-aaaaaa", 0.5)
    bad = make(tmp_path, "2026-01-01_00-00-01-aaaaaa", 0.5)
    (bad / "config.yaml").write_text("[")
    data = data_of(written(tmp_path / "pages", folder, bad))
    links = [run["link"] for row in data["rows"] for run in row["runs"]] + [run["link"] for run in data["damaged"]]
    assert {(tmp_path / "pages" / unquote(link)).resolve() for link in links} == {folder, bad}


def test_words_from_a_configuration_stay_words(tmp_path):
    name = "</script><script>alert(1)</script>"
    make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5, name=name)
    make(tmp_path, "2026-01-01_00-00-01-aaaaaa", 0.5)
    file = written(tmp_path, tmp_path)
    assert len(Parts(file.read_text()).texts["script"]) == 3
    assert name in data_of(file)["title"]


def test_a_large_page_leaves_out_the_less_telling_metrics(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "BUDGET", 10)
    assert data_of(written(tmp_path, sweep(tmp_path)))["metrics"] == ["eval/accuracy"]


def test_says_where_the_page_cannot_be_written(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    with pytest.raises(RequestError, match="cannot be written"):
        written(tmp_path / "nowhere", run)


ACT = """
<script>
const cell = (line, i) => line.children[i].textContent;
const rows = () => [...document.querySelectorAll("#table tbody tr")].map((line) => cell(line, 1) + "/" + cell(line, 2));
const lines = () => document.querySelectorAll("#curves .scatterlayer .trace").length;
const choose = (id, value) => {
  const control = document.getElementById(id);
  control.value = value;
  (control.onchange || control.oninput)();
};
const theme = () => document.documentElement.dataset.theme;
const seen = { first: rows(), curves: lines(), cells: document.querySelector("#map").data[0].z, light: theme() };
document.querySelectorAll("#table th")[2].click(); document.querySelectorAll("#table th")[2].click();
seen.sorted = rows();
choose("filter", "depth=2 j_d>0.6");
seen.filtered = rows();
choose("filter", "");
document.querySelector("#table tbody input").click();
seen.unticked = lines();
choose("metric", "norm/w_in");
seen.metric = document.querySelector("#curves").layout.yaxis.title.text;
choose("kind", "points");
seen.points = document.querySelector("#map").data[0].y.length;
document.getElementById("theme").click();
seen.dark = theme();
seen.link = document.querySelector("#table a").getAttribute("href");
seen.wide = document.documentElement.scrollWidth <= window.innerWidth;
document.documentElement.dataset.seen = JSON.stringify(seen);
</script>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
@pytest.mark.parametrize("width", [480, 1400])
def test_in_a_browser(tmp_path, width):
    file = written(tmp_path, sweep(tmp_path))
    file.write_text(file.read_text().replace("</body>", ACT + "</body>"))
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    shown = subprocess.run(
        [CHROMIUM, "--headless", *root, "--disable-gpu", "--dump-dom", "--enable-logging=stderr", f"--window-size={width},1200",
         f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    said = [line for line in shown.stderr.splitlines() if "CONSOLE" in line]
    assert not said
    seen = json.loads(re.search(r'data-seen="([^"]*)"', shown.stdout)[1].replace("&quot;", '"').replace("&gt;", ">"))
    assert seen["first"] == ["2/0.9", "1/0.9", "2/0.5", "1/0.5"]
    assert seen["curves"] == 8  # a line and a band each
    assert seen["cells"] == [pytest.approx([0.873, 0.893]), pytest.approx([0.913, 0.933])]
    assert seen["sorted"] == ["2/0.9", "1/0.9", "2/0.5", "1/0.5"]
    assert seen["filtered"] == ["2/0.9"]
    assert seen["unticked"] == 6
    assert seen["metric"] == "norm/w_in"
    assert seen["points"] == 4
    assert (seen["light"], seen["dark"]) == ("light", "dark")
    assert (tmp_path / seen["link"]).is_dir()
    assert seen["wide"]
