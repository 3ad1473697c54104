"""Tables of pages that quote the ledger. Oracles: arithmetic, and the headings of the results."""

import re
from pathlib import Path
from statistics import fmean, stdev

import pytest

ROOT = Path(__file__).parents[2]
PAGE = "Before.\n\n<!-- quote {} -->\n{}<!-- end of table -->\n\nAfter.\n"
OLD = "\n| network | recalled |\n"


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")


@pytest.fixture
def section():
    from reproduction.rows.row import Row, Section

    rows = (Row("one step", "+experiment=one"), Row("relaxed", "+experiment=relaxed"))
    return Section("Steps, and more", "", rows)


def ledger_of(section, scores, **physics):
    """Return a ledger: scores has name of a row -> seed -> accuracy."""
    from reproduction.ledger import Ledger
    from reproduction.receipts import Receipt

    runs = {}
    for row in section.rows:
        of_row = scores.get(row.what, {})
        runs[row.command] = {
            seed: Receipt({"test/accuracy": score}, 1.0, "CPU", "0123456", "")
            for seed, score in of_row.items()
        }
    return Ledger(runs, {name: {"rows": rows} for name, rows in physics.items()})


def rewrite(monkeypatch, place, quote, ledger, name="known", folder="docs"):
    """Return the text of a page with this quote after it was written."""
    from reproduction import rewriting

    monkeypatch.setattr(rewriting, "QUOTES", {"known": quote})
    page = place / folder / "page.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(PAGE.format(name, OLD))
    return rewriting.rewrite_files(place, [], ledger)[page]


def compared(section):
    from reproduction.quotes.comparison import compare_rows
    from reproduction.quotes.quote import Quote

    line = compare_rows("a task", section, "one step", "relaxed")
    return Quote(("task", "without", "with", "difference", "p"), (line,))


def test_a_quote_has_the_numbers_of_the_receipts_in_pairs_by_seed(monkeypatch, tmp_path, section):
    """Seed 3 has no pair; in another order of the seeds p would be another."""
    one, relaxed = {2: 0.90, 1: 0.60, 0: 0.30}, {0: 0.31, 1: 0.62, 2: 0.93, 3: 0.5}
    ledger = ledger_of(section, {"one step": one, "relaxed": relaxed})
    written = rewrite(monkeypatch, tmp_path, compared(section), ledger)
    without, together = (
        f"{fmean(scores.values()):.4f} ± {stdev(scores.values()):.4f}" for scores in (one, relaxed)
    )
    # t = 2 / (1 / √3) with two degrees of freedom
    assert f"\n| a task | {without} | {together} | +2.0 | 0.074 |\n" in written
    source = "[Steps, and more](results.md#steps-and-more)"
    assert f"\n\nFrom {source}, by `python scripts/reproduce.py`\n\n<!-- end" in written
    assert written.startswith("Before.\n\n<!-- quote known -->\n\n| task |")
    assert written.endswith("<!-- end of table -->\n\nAfter.\n")


@pytest.mark.parametrize("lacking", ["one step", "relaxed"])
def test_a_table_without_all_its_receipts_stays_as_it_is(monkeypatch, tmp_path, section, lacking):
    scores = {"one step": {0: 0.3, 1: 0.6}, "relaxed": {0: 0.4, 1: 0.8}}
    del scores[lacking]
    written = rewrite(monkeypatch, tmp_path, compared(section), ledger_of(section, scores))
    assert written == PAGE.format("known", OLD)


def test_one_pair_is_not_compared(monkeypatch, tmp_path, section):
    ledger = ledger_of(section, {"one step": {0: 0.3, 1: 0.4}, "relaxed": {1: 0.4, 2: 0.8}})
    written = rewrite(monkeypatch, tmp_path, compared(section), ledger)
    assert written == PAGE.format("known", OLD)


def test_a_quote_of_a_measurement(monkeypatch, tmp_path, section):
    from reproduction.quotes.cells import Measured
    from reproduction.quotes.comparison import read_comparison
    from reproduction.quotes.quote import Quote

    rows = [{"J_D": j_d, "steps": 1, "gain": f"+{j_d} [0.1, 2.0], p <0.001"} for j_d in (0.5, 1.0)]
    cell = Measured("map", {"J_D": 1.0, "steps": 1}, "gain")
    quote = Quote(("", "difference", "p"), (("x", *read_comparison(cell)),), has_tables=True)
    ledger = ledger_of(section, {}, map=rows)
    written = rewrite(monkeypatch, tmp_path, quote, ledger, folder="docs/guides")
    assert "\n|  | difference | p | table |\n" in written
    assert "\n| x | +1.0 | <0.001 | [`map`](../results.md#physics) |\n" in written

    written = rewrite(monkeypatch, tmp_path, quote, ledger_of(section, {}))
    assert written == PAGE.format("known", OLD)
    for wrong in ([{"J_D": 0.5, "steps": 1, "gain": ""}], [{"J_D": 1.0, "steps": 1}], 2 * rows):
        with pytest.raises(ValueError, match=r"map: got \d lines, expected one with .*gain"):
            rewrite(monkeypatch, tmp_path, quote, ledger_of(section, {}, map=wrong))


def test_several_rows_of_a_cell_are_named_once_if_they_are_equal(section):
    from reproduction.quotes.cells import Accuracy, Derived
    from reproduction.quotes.memory import scale

    cell = Accuracy.of(section, "one step", "relaxed")
    halves = Derived(lambda text: scale(text, 0.5), (cell,))
    equal = ledger_of(section, {"one step": {0: 0.5}, "relaxed": {0: 0.5}})
    assert (cell.read(equal), halves.read(equal)) == ("0.5000", "0.25")
    different = ledger_of(section, {"one step": {0: 0.5}, "relaxed": {0: 1.0}})
    assert (cell.read(different), halves.read(different)) == ("0.5000, 1.0000", "0.25, 0.5")
    missing = ledger_of(section, {"one step": {0: 0.5}})
    assert (cell.read(missing), halves.read(missing)) == (None, None)


def test_the_longest_cycle_that_is_replayed():
    from reproduction.quotes.memory import longest

    lengths = ("0.8", "0.06", "1")
    assert longest("0.95", "1.0000 ± 0.0000", "0.9499 ± 0.1000", lengths=lengths) == "0.8"
    assert longest("0.1", "0.1", "0.1", lengths=lengths) == ""


def test_unknown_names_are_errors(monkeypatch, tmp_path, section):
    from reproduction.quotes.cells import Accuracy

    with pytest.raises(ValueError, match=r"got two steps, expected .* one of: one step, relaxed"):
        Accuracy.of(section, "two steps")
    with pytest.raises(ValueError, match=r"got quote unheard_of, expected one of known"):
        rewrite(monkeypatch, tmp_path, compared(section), ledger_of(section, {}), "unheard_of")


def test_every_quote_is_in_a_page_and_can_be_written_and_its_tables_are_on_the_results_page():
    from reproduction.ledger import Ledger
    from reproduction.quotes import QUOTES
    from reproduction.quotes.quote import format_quote

    pages = [page.read_text() for page in ROOT.glob("docs/**/*.md")]
    titles = re.findall(r"^## (.*)$", (ROOT / "docs/results.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"\W+", "-", title.lower()) for title in titles}
    ledger = Ledger.read(ROOT / "docs/receipts.json")
    for name, quote in QUOTES.items():
        assert sum(f"<!-- quote {name} -->" in page for page in pages) == 1, name
        written = format_quote(quote, ledger)
        assert written is not None, name
        found = re.findall(r"\(results\.md#(.*?)\)", written)
        assert found, name
        assert anchors.issuperset(found), name
