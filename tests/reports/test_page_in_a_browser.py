"""The page in Chromium, which must be installed (`apt-get install chromium`), else tests fail."""

import itertools
from pathlib import Path

import pytest
from browser import act
from runs_on_disk import make, sweep

from darnax.reports import comparison_table, page, text
from darnax.reports.compare import compare
from darnax.reports.runs import find

pytestmark = pytest.mark.slow

METRIC, OTHER = "eval/accuracy", "norm/w_in"
HEAD = """
for (const column of optional) id(`column-${column.name}`).checked = false;
drawTable();
const texts = (line) => [...line.children].slice(1, -1).map((cell) => cell.textContent);
const rows = () => [...document.querySelectorAll("#table tbody tr")].map(texts);
const lines = () => document.querySelectorAll("#curves .scatterlayer .trace").length;
const head = (i) => document.querySelectorAll("#table th")[i];
const choose = (name, value) => {
  const control = id(name);
  control.value = value;
  (control.onchange || control.oninput)();
};
"""


def written(place: Path, *runs: Path, **how) -> Path:
    page.write(compare(find(runs), METRIC, **how), place / "page.html")
    return place / "page.html"


def table(place: Path, metric: str, **how) -> list[list[str]]:
    """Return the table as printed on the terminal."""
    rows = compare(find([place]), metric, **how).rows
    figures = [
        (
            text.spread(metric, row.mean, row.sd),
            str(row.n),
            "best" if row.best else text.probability(row.p),
        )
        for row in rows
    ]
    return [
        [*map(text.leaf, row.values), *written] for row, written in zip(rows, figures, strict=True)
    ]


@pytest.mark.parametrize(("width", "scheme"), [(480, "dark"), (1400, "light")])
def test_everything_can_be_used(tmp_path, width, scheme):
    place = sweep(tmp_path)
    script = """
    seen.first = rows(); seen.lines = lines(); seen.cells = id("map").data[0].z;
    seen.theme = document.documentElement.dataset.theme;
    seen.background = getComputedStyle(document.body).backgroundColor;
    head(2).click(); head(2).click(); seen.sorted = rows();
    choose("filter", "depth=2 j_d>0.6"); seen.filtered = rows();
    choose("filter", "eval/accuracy>0.93"); seen.good = rows();
    choose("filter", "");
    document.querySelector("#table tbody input").click(); seen.unticked = lines();
    head(0).querySelector("input").click(); seen.all = lines();
    head(0).querySelector("input").click(); seen.none = lines();
    seen.hint = id("curves").layout.annotations[0].text;
    head(0).querySelector("input").click();
    id("bands").checked = false; id("bands").onchange(); seen.bare = lines();
    choose("metric", "norm/w_in"); seen.other = rows();
    seen.axis = id("curves").layout.yaxis.title.text;
    seen.otherCells = id("map").data[0].z; seen.summary = id("summary").textContent;
    choose("side", "lowest"); seen.lowest = rows();
    choose("taken", "best"); seen.best = rows();
    choose("kind", "points"); seen.points = id("map").data.flatMap((t) => t.y).length;
    choose("kind", "parallel coordinates");
    seen.parallel = id("map").layout.annotations.filter((a) => a.y > 1).map((a) => a.text);
    seen.widest = id("map").data.at(-1).line.width; seen.best_line = id("map").data.at(-1).name;
    id("theme").click(); seen.turned = document.documentElement.dataset.theme;
    seen.link = document.querySelector("#table a").getAttribute("href");
    seen.wide = document.documentElement.scrollWidth <= window.innerWidth;
    """
    preferred = f"--blink-settings=preferredColorScheme={['dark', 'light'].index(scheme)}"
    seen = act(written(tmp_path, place), HEAD + script, f"--window-size={width},1200", preferred)
    assert seen["first"] == table(place, METRIC)
    assert seen["lines"] == 8  # a line and a band each
    assert seen["cells"] == [pytest.approx([0.873, 0.893]), pytest.approx([0.913, 0.933])]
    assert [row[:2] for row in seen["sorted"]] == [
        ["2", "0.9"],
        ["1", "0.9"],
        ["2", "0.5"],
        ["1", "0.5"],
    ]
    assert [row[:2] for row in seen["filtered"]] == [["2", "0.9"]]
    assert [row[:2] for row in seen["good"]] == [["2", "0.9"]]
    assert (seen["unticked"], seen["all"], seen["none"], seen["bare"]) == (6, 8, 0, 4)
    assert "tick a row" in seen["hint"]
    assert seen["other"] == table(place, OTHER)
    assert seen["axis"] == OTHER
    assert seen["otherCells"] == [pytest.approx([87.3, 89.3]), pytest.approx([91.3, 93.3])]
    assert "best norm/w_in 93.3 ± 0.3 at depth=2 j_d=0.9" in seen["summary"]
    assert seen["lowest"] == table(place, OTHER, lower=True)
    assert seen["best"] == table(place, OTHER, lower=True, best=True)
    assert seen["points"] == 4
    assert seen["parallel"] == ["depth", "j_d", OTHER]
    assert (seen["best_line"], seen["widest"]) == ("best", 4)
    assert seen["theme"] == scheme
    assert seen["background"] == {"light": "rgb(246, 247, 249)", "dark": "rgb(18, 22, 28)"}[scheme]
    assert seen["turned"] == {"light": "dark", "dark": "light"}[scheme]
    assert (tmp_path / seen["link"]).is_dir()
    assert seen["wide"]


def test_the_tests_are_those_of_the_terminal_and_are_explained(tmp_path):
    """The oracle is the table that the terminal prints."""
    place = tmp_path / "runs"
    for depth, values in ((1, (0.5, 0.52, 0.51)), (2, (0.7, 0.71, 0.73)), (4, (0.69, 0.73, 0.7))):
        for seed, value in enumerate(values):
            make(place, f"2026-01-0{depth}_00-00-0{seed}-aaaaaa", value, depth=depth, seed=seed)
    for seed in (10, 11):  # in common with no other row, so that there is no pair
        make(place, f"2026-01-08_00-00-{seed}-aaaaaa", 0.6 + seed / 100, depth=8, seed=seed)
    script = """
    for (const name of ["minus best", "paired p"]) id(`column-${name}`).checked = true;
    drawTable(); seen.rows = rows(); seen.note = id("tests-note").textContent;
    """
    seen = act(written(tmp_path, place), HEAD + script)
    _, printed = comparison_table.cells(compare(find([place]), METRIC))
    depths, scores, counts, p, differences, paired, best = zip(*printed, strict=True)
    first = [*p]
    first[best.index("best")] = "best"
    written_differences = [text.replace("-", "−") + " pp" if text else "" for text in differences]
    expected = zip(depths, scores, counts, first, written_differences, paired, strict=True)
    assert seen["rows"] == list(map(list, expected))
    assert "p: Welch's t-test against the best row, corrected for 3 tests (Holm)." in seen["note"]
    assert "the paired t-test, corrected for 2 tests (Holm), intervals not." in seen["note"]


def test_curves_of_one_colour_differ_in_their_dashes_and_markers(tmp_path):
    """With more rows than colours, two rows have the same colour."""
    place = tmp_path / "runs"
    for depth in range(14):
        make(place, f"2026-01-01_00-00-{depth:02d}-aaaaaa", 0.5 + depth / 100, depth=depth)
    script = """
    tickFirst(data.rows); seen.styles = [...colourOf.values()].map(styleOf);
    seen.colours = palette.length;
    """
    seen = act(written(tmp_path, place), HEAD + script)
    styles = seen["styles"]
    assert len(styles) == 14 > seen["colours"]
    for first, second in itertools.combinations(styles, 2):
        if first["color"] == second["color"]:
            assert first["dash"] != second["dash"]
            assert first["symbol"] != second["symbol"]


def test_runs_that_have_logged_nothing_are_shown(tmp_path):
    for depth in (1, 2):
        make(tmp_path / "runs", f"2026-01-01_00-00-0{depth}-aaaaaa", status="running", depth=depth)
    script = """
    seen.rows = rows().map((row) => row[0]); seen.ready = document.documentElement.dataset.ready;
    seen.words = id("curves").layout.annotations[0].text;
    """
    seen = act(written(tmp_path, tmp_path / "runs"), HEAD + script)
    assert sorted(seen["rows"]) == ["1", "2"]
    assert (seen["ready"], seen["words"]) == ("yes", "nothing has been logged yet")


HACK = "document.documentElement.dataset.hacked = 1"
HOSTILE = [
    f"</script><script>{HACK}</script>",
    f'"><img src=x onerror="{HACK}">',
    f"<!--<script>{HACK}",
    f'<b>bold</b> & <a href="javascript:{HACK}">link</a> &lt;i&gt;',
]


def test_text_from_a_configuration_is_escaped(tmp_path):
    for i, words in enumerate(HOSTILE):
        name = f"2026-01-01_00-00-0{i}-{words.replace('/', '|')}"
        make(
            tmp_path / "runs",
            name,
            0.5 + i / 10,
            name=f"<u>{HACK}</u>",
            **{"<i>key</i>": words, "second": f"<b>{i}</b>"},
        )
    broken = make(tmp_path / "runs", f"2026-01-01_00-00-09-{HOSTILE[1]}", 0.5)
    (broken / "config.yaml").write_text(f"a: [{HOSTILE[1]}")
    script = """
    seen.rows = rows().map((row) => row[0]);
    const foreign = "img, b, i, u, svg a, body script:not([type])";
    const elements = () => document.querySelectorAll(foreign).length;
    seen.elements = [elements()]; seen.ticks = [];
    for (const kind of ["heat map", "points", "parallel coordinates"]) {
      choose("kind", kind); seen.elements.push(elements()); seen.ticks.push(id("map").textContent);
      seen.bold = (seen.bold || 0) + document.querySelectorAll("#map tspan[style*=bold]").length;
    }
    """
    seen = act(written(tmp_path, tmp_path / "runs"), HEAD + script, "--window-size=1400,1200")
    assert set(seen["rows"]) == set(HOSTILE)
    assert len(set(seen["elements"])) == 1
    assert seen["bold"] == 0
    assert all(
        mark in ticks
        for ticks, mark in zip(
            seen["ticks"], ("<b>0</b>", "<b>bold</b> &", "<b>0</b>"), strict=True
        )
    )


def test_the_test_split_neither_ranks_nor_sorts_nor_filters(tmp_path):
    place = sweep(tmp_path, tested={"test/accuracy": 0.9})
    script = """
    choose("metric", "test/accuracy"); seen.rows = rows();
    seen.heads = head(3).querySelector("button") === null;
    seen.summary = id("summary").textContent;
    seen.marked = document.querySelectorAll("#table tr.best").length;
    head(3).click(); seen.clicked = rows();
    choose("filter", "test/accuracy>0.84"); seen.filtered = rows().length; choose("filter", "");
    seen.disabled = id("taken").disabled && id("side").disabled;
    head(1).click(); seen.sorted = rows();
    choose("metric", "eval/accuracy"); seen.enabled = !id("side").disabled;
    """
    seen = act(written(tmp_path, place), HEAD + script)
    expected = [
        [*map(text.leaf, row.values), text.spread("test/accuracy", row.mean, row.sd), str(row.n)]
        for row in compare(find([place]), "test/accuracy").rows
    ]
    assert seen["rows"] == seen["clicked"] == expected
    assert [row[0] for row in seen["sorted"]] == ["1", "1", "2", "2"]
    assert seen["heads"]
    assert seen["marked"] == 0
    assert "best" not in seen["summary"]
    assert seen["filtered"] == 4
    assert seen["disabled"]
    assert seen["enabled"]
