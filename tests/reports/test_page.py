"""The page uses no network and contains the comparison; see also test_page_in_a_browser.py."""

import json
import math
import random
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from runs_on_disk import make, sweep

from darnax.errors import RequestError
from darnax.reports import figures, page, page_content
from darnax.reports.compare import compare
from darnax.reports.digest import Digest, Value
from darnax.reports.runs import Run, find


class Parts(HTMLParser):
    """Collects the URLs that a page loads, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads, self.texts, self.policy, self.inside = [], {"script": [], "style": []}, "", None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.loads += [
            given[name] for name in ("src", "href", "srcset", "data", "action") if name in given
        ]
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
    data = data_of(written(tmp_path, place))
    assert [column["short"] for column in data["columns"]] == ["depth", "j_d"]
    assert data["metrics"] == ["eval/accuracy", "norm/w_in"]
    epochs, mean, sd = data["rows"][0]["curves"]["eval/accuracy"]
    assert epochs == [1, 2, 3]
    best = compare(find([place]), "eval/accuracy").rows[0]
    assert (mean[-1], sd[-1]) == pytest.approx((best.mean, best.sd), rel=1e-4)


@pytest.mark.parametrize("metric", ["eval/accuracy", "norm/w_in"])
@pytest.mark.parametrize("best", [False, True])
@pytest.mark.parametrize("lower", [False, True])
def test_every_view_of_every_metric_equals_compare(tmp_path, metric, best, lower):
    place = sweep(tmp_path)
    rows = compare(find([place]), metric, best=best, lower=lower).rows
    view = f"{'best' if best else 'last'} {'lowest' if lower else 'highest'}"
    there = {
        tuple(row["values"]): row["figures"][metric][view]
        for row in data_of(written(tmp_path, place))["rows"]
    }
    for row in rows:
        n, mean, sd, p, first, *difference = there[row.values]
        assert (n, mean, sd, first) == (
            row.n,
            pytest.approx(row.mean, rel=1e-5),
            pytest.approx(row.sd, rel=1e-5),
            row.best,
        )
        assert p == (None if row.best else pytest.approx(row.p, rel=1e-5))
        assert bool(difference) == (row.paired is not None)
        if row.paired is not None:
            numbers = [math.nan if each is None else each for each in difference[:3]]
            assert numbers == pytest.approx(row.paired[1:4], rel=1e-5, nan_ok=True)


def test_links_lead_from_the_page_to_the_runs(tmp_path):
    (tmp_path / "pages").mkdir()
    folder = make(tmp_path / "a name & more", "2026-01-01_00-00-00-aaaaaa", 0.5)
    bad = make(tmp_path, "2026-01-01_00-00-01-aaaaaa", 0.5)
    (bad / "config.yaml").write_text("[")
    data = data_of(written(tmp_path / "pages", folder, bad))
    links = [run["link"] for row in data["rows"] for run in row["runs"]] + [
        run["link"] for run in data["damaged"]
    ]
    assert {(tmp_path / "pages" / unquote(link)).resolve() for link in links} == {folder, bad}


@pytest.mark.parametrize(
    "words",
    ["</script><script>alert(1)</script>", "<!--<script>", "/*scripts*/", "/*data*/", "]]>", "\\"],
)
def test_text_from_a_configuration_is_escaped(tmp_path, words):
    for i, value in enumerate((words, "other")):
        make(tmp_path, f"2026-01-01_00-00-0{i}-aaaaaa", 0.5, name=words, **{words: value})
    file = written(tmp_path, tmp_path)
    scripts = Parts(file.read_text()).texts["script"]
    assert len(scripts) == 3
    assert "<" not in scripts[1]
    data = data_of(file)
    assert data["title"] == words
    assert data["columns"][0]["key"] == words
    assert {row["values"][0] for row in data["rows"]} == {words, "other"}


def test_a_large_page_leaves_out_less_informative_metrics(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "MOST_BYTES", 10)
    assert data_of(written(tmp_path, sweep(tmp_path)))["metrics"] == ["eval/accuracy"]


def test_an_unwritable_page_is_reported_with_its_path(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    with pytest.raises(RequestError, match="cannot be written"):
        written(tmp_path / "nowhere", run)


def test_a_page_has_the_numbers_of_the_test_split_in_one_view_and_ranks_no_row_by_them(tmp_path):
    place = sweep(tmp_path, tested={"test/accuracy": 0.9})
    data = data_of(written(tmp_path, place))
    assert data["reported"] == ["test/accuracy"]
    for row in data["rows"]:
        views = row["figures"]["test/accuracy"]
        assert len({tuple(numbers) for numbers in views.values()}) == 1
        _, mean, _, p, best = views["best highest"]
        assert (p, best) == (None, 0.0)
        assert mean > 0
        for run in row["runs"]:
            assert len(set(run["values"]["test/accuracy"])) == 1
    assert [row["figures"]["eval/accuracy"]["last highest"][4] for row in data["rows"]] == [
        1,
        0,
        0,
        0,
    ]


def test_a_page_shows_the_first_configurations_and_says_how_many_there_are(tmp_path, monkeypatch):
    place = sweep(tmp_path)
    monkeypatch.setattr(page_content, "MOST_ROWS", 3)
    monkeypatch.setattr(page_content, "MOST_RUNS", 2)
    comparison = compare(find([place]), "eval/accuracy")
    said = page.write(comparison, tmp_path / "page.html")
    data = data_of(tmp_path / "page.html")
    assert data["left_out"] == said
    assert "3 of 4 configurations are shown, the best ones by eval/accuracy" in said[0]
    assert "at most 2 runs of a configuration are listed" in said[1]
    assert data["configurations"] == 4
    shown = comparison.rows[:3]
    assert [tuple(row["values"]) for row in data["rows"]] == [row.values for row in shown]
    for row, expected in zip(data["rows"], shown, strict=True):
        n, mean, _, p, best = row["figures"]["eval/accuracy"]["last highest"][:5]
        assert (n, mean, best) == (expected.n, expected.mean, expected.best)
        assert p == (None if expected.best else pytest.approx(expected.p, rel=1e-5))
        assert (row["count"], len(row["runs"])) == (3, 2)


def test_a_page_with_everything_on_it_says_nothing(tmp_path):
    place = sweep(tmp_path)
    assert page.write(compare(find([place]), "eval/accuracy"), tmp_path / "page.html") == []


def test_runs_that_have_logged_nothing_have_a_page(tmp_path):
    for depth in (1, 2):
        make(tmp_path, f"2026-01-01_00-00-0{depth}-aaaaaa", status="running", depth=depth)
    page.write(compare(find([tmp_path])), tmp_path / "page.html")
    data = data_of(tmp_path / "page.html")
    assert data["metrics"] == ["eval/accuracy"]
    views = [row["figures"]["eval/accuracy"]["last highest"] for row in data["rows"]]
    assert views == [[0, None, None, None, 0]] * 2


def test_a_metric_that_some_runs_lack_is_compared_among_the_others(tmp_path):
    """Oracle: the numbers of runs, counted by hand; the seeds are common."""
    for depth in (1, 2):
        for seed in (0, 1):
            own = {"norm/hidden2": 10.0} if (depth, seed) != (1, 0) else {}
            name = f"2026-01-01_00-0{depth}-0{seed}-aaaaaa"
            make(tmp_path, name, 0.5 + 0.1 * seed, tested=own, depth=depth, seed=seed)
    rows = data_of(written(tmp_path, tmp_path))["rows"]
    counts = [row["figures"]["norm/hidden2"]["last highest"][0] for row in rows]
    assert sorted(counts) == [1, 2]


def test_omitted_metrics_and_points_are_named(tmp_path, monkeypatch):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    rows = [{"step": i, "epoch": i, "eval/accuracy": i / 1e4, "norm/w": i} for i in range(5000)]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr(figures, "MOST_BYTES", 10)
    comparison = compare(find([run]), "eval/accuracy", best=True)
    metrics, points = page.write(comparison, tmp_path / "page.html")
    assert metrics == "2 metrics left out, which --metric shows: norm/w, norm/w_in"
    assert "curves have at most 200 points" in points
    (row,) = data_of(tmp_path / "page.html")["rows"]
    epochs, mean, _ = row["curves"]["eval/accuracy"]
    assert (len(epochs), epochs[0], epochs[-1]) == (200, 0, 4999)
    assert mean == pytest.approx([epoch / 1e4 for epoch in epochs])
    assert row["figures"]["eval/accuracy"]["best highest"][1] == 0.4999


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "runs"), [(20_000, 1), (2000, 5), (1, 5000), (300, 2)])
def test_no_page_is_larger_than_ten_megabytes(tmp_path, monkeypatch, rows, runs):
    draw = random.Random(0)
    points = [draw.random() for _ in range(300)]
    names = [f"norm/module_{i}" for i in range(50)] + ["eval/accuracy", "train/accuracy"]
    extremes = {name: {"highest": Value(0.9, math.nan)} for name in names}
    record = Digest(extremes, {name: (sorted(points), points) for name in names}, True)
    monkeypatch.setattr(Run, "digest", lambda run, wanted=None: record)
    found = []
    for row in range(rows):
        for seed in range(runs):
            metrics = {name: draw.random() for name in names}
            config = {"name": "chain", "model.j_d": row / rows, "seed": seed}
            place = tmp_path / "outputs" / f"2026-01-01_00-00-00-{row:06}{seed:06}"
            found.append(Run(place, "finished", {"metrics": metrics}, config))
    page.write(compare(found, "eval/accuracy"), tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 10e6
    assert data_of(tmp_path / "page.html")["metrics"][0] == "eval/accuracy"
