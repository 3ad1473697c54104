"""Tables in the width of a terminal. Oracle: the cells, which the lines have to contain."""

import re

import pytest
from rich.cells import cell_len

from darnax.cli import columns, tables

RUNS = (
    ("when", "id", "name", "status", "eval/accuracy", "duration", "what differs"),
    [
        ("2026-11-29 00:51", "23a912", "digits_smoke", "finished", "51.48%", "3 s", "features=50"),
        (
            "2026-11-29 00:50",
            "7efd26",
            "mnist_chain",
            "running, silent for 3 h",
            "57.74%",
            "1 h 12 min",
            "j_d=0.5 w_in.learning_rate.init_value=100000.0 seed=0 epochs=1",
        ),
    ],
)
COMPARE = (
    ("w_in.learning_rate.init_value", "model.layers.hidden.j_d", "test/squared_error", "n", "p"),
    [
        ("0.6", "0.5", "0.9345 ± 0.0056", "3", "best"),
        ("100000.0", "0.9", "0.8123 ± 0.0101", "3 (+1 running)", "<0.001"),
    ],
)
SWEEP = (
    ("point", "status", "epochs", "last eval/accuracy", "time", "run, or why not"),
    [
        ("j_d=0.5 seed=0", "finished", "1/1", "57.74%", "12 s", "2026-11-29_00-50-52-7efd26"),
        ("j_d=0.9 seed=1", "finished", "1/1", "54.30%", "0 s", "2026-11-29_00-51-06-1a9234"),
    ],
)


def lines_of(table: tuple, width: int) -> list[str]:
    return columns.lay_out(*table, width).plain.split("\n")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("table", [RUNS, COMPARE, SWEEP], ids=["runs", "compare", "sweep"])
def test_a_table_fits_and_nothing_is_cut(table, width):
    lines = lines_of(table, width)
    assert max(map(cell_len, lines)) <= width
    text = "".join(lines)
    assert "…" not in text
    # Every letter is there, whatever was folded; the names of runs may be shortened to their ids.
    expected = "".join("".join(cells) for cells in [table[0], *table[1]])
    expected = re.sub(r"2026-11-29_00-5\d-\d\d-(\w{6})", r"\1", expected)
    missing = [letter for letter in set(expected) - {" "} if letter not in text]
    assert not missing
    for head in table[0]:
        for word in re.split(r"[ /._]", head):
            assert word in text


@pytest.mark.parametrize("width", [80, 120])
def test_metrics_numbers_of_runs_p_values_and_ids_are_in_one_line(width):
    shown = "\n".join(lines_of(COMPARE, width))
    for cell in ("0.9345 ± 0.0056", "0.8123 ± 0.0101", "3 (+1 running)", "<0.001", "100000.0"):
        assert cell in shown
    shown = "\n".join(lines_of(RUNS, width))
    for cell in ("51.48%", "57.74%", "23a912", "7efd26"):
        assert cell in shown


def test_names_of_runs_are_whole_where_there_is_room_and_ids_elsewhere():
    assert "2026-11-29_00-50-52-7efd26" in "\n".join(lines_of(SWEEP, 120))
    narrow = lines_of(SWEEP, 80)
    assert "2026" not in "\n".join(narrow)
    assert [line.split()[-1] for line in narrow[2:]] == ["7efd26", "1a9234"]


def test_a_year_that_all_rows_share_is_left_out_where_there_is_no_room():
    assert "2026-11-29 00:51" in "\n".join(lines_of(RUNS, 160))
    narrow = "\n".join(lines_of(RUNS, 80))
    assert "11-29 00:51" in narrow
    assert "2026" not in narrow
    heads, (first, second) = RUNS
    apart = heads, [first, ("2025-12-31 23:59", *second[1:])]
    assert "2025" in "\n".join(lines_of(apart, 80))


def test_heads_are_folded_before_cells():
    table = ("eval/accuracy", "what differs"), [("51.48%", "depth=1 seed=2")] * 3
    assert [line.split() for line in lines_of(table, 26)[:2]] == [
        ["eval/", "what", "differs"],
        ["accuracy"],
    ]
    assert len(lines_of(table, 26)) == 3 + 3


def test_a_last_column_that_would_make_rows_high_stands_below_the_others():
    words = "j_d=0.7959 hidden.threshold=1.854 w_in.strength=1.248"
    row = ("2026-11-29 04:08", "cea3b1", "search", "pruned", "64.00%", "0 s", words)
    lines = lines_of((RUNS[0], [row] * 2), 80)
    assert [line.strip() for line in lines[-4:]] == [
        lines[-4].strip(), words, lines[-4].strip(), words,
    ]  # fmt: skip
    assert lines[-4].split()[2:] == ["cea3b1", "search", "pruned", "64.00%", "0", "s"]
    assert max(map(cell_len, lines)) <= 80


def test_a_date_is_folded_before_its_time():
    assert columns.fold("2026-11-29 00:51", 11) == ["2026-11-29", "00:51"]


def test_wide_characters_count_twice():
    lines = lines_of((("name", "n"), [("数字" * 30, "10"), ("b", "2")]), 40)
    assert max(map(cell_len, lines)) <= 40
    assert sum(line.count("数") for line in lines) == 30


def test_numbers_that_do_not_fit_are_not_cut():
    wide = (tuple("abcdef"), [("0.123456 ± 0.000001",) * 6])
    assert lines_of(wide, 40) == [f"{head}  0.123456 ± 0.000001" for head in "abcdef"]


def test_a_sentence_is_wrapped_between_words_on_a_terminal(monkeypatch, capsys):
    sentence = "4 of 4 points finished · best 57.74% (j_d=0.5 seed=0) · about 3 min 2 s left"
    monkeypatch.setenv("COLUMNS", "40")
    tables.note(sentence)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    tables.note(sentence)
    whole, *folded = capsys.readouterr().out.splitlines()
    assert whole == sentence
    assert len(folded) > 1
    assert max(map(len, folded)) <= 40
    assert " ".join(folded) == sentence


LEARNS = (
    ("module", "rule", "learns in", "optimiser", "rate", "set in"),
    [
        ("w_in", "PerceptronRule of biases", "clamped, free", "sgd", "0.02", "groups.readout"),
        ("hidden1", "RecurrentDiscrete", "clamped", "scale_by_learning_rate", "1e-05", "default"),
    ],
)
PAIRED = (
    ("init_value", "hidden.threshold", "eval/accuracy", "n", "p", "minus best, pp", "paired p", ""),
    [
        ("0.6", "-0.5", "97.37 ± 0.12%", "3 (+1 running)", "", "", "", "best"),
        ("100000.0", "1e-05", "9.37 ± 0.1%", "3", "<0.001", "-0.40 [-0.61, -0.19]", "0.03", ""),
    ],
)
PARTS = re.compile(r"[A-Z]?[a-z]+|[-<]?[0-9.]+(?:e-?[0-9]+)?%?")


@pytest.mark.parametrize("width", [50, 60, 80, 120])
@pytest.mark.parametrize("table", [RUNS, COMPARE, SWEEP, LEARNS, PAIRED])
def test_no_word_number_or_part_of_a_name_is_broken(table, width):
    lines = lines_of(table, width)
    assert max(map(cell_len, lines)) <= width
    shown = set(PARTS.findall("\n".join(lines)))
    cells = re.sub(r"2026-11-29_00-5\d-\d\d-\w{6}", "", " ".join(sum(table[1], table[0])))
    cells = re.sub(r"2026-(11-29 00:5\d)", r"\1", cells)
    assert set(PARTS.findall(cells)) <= shown


def test_the_line_below_the_heads_is_as_long_as_the_longest_row():
    rows = [("0", "a long description of many words")] * 2
    head, line, *rest = lines_of((("id", "what"), rows), 80)
    assert len(line) == max(map(cell_len, rest)) > cell_len(head)


def test_a_table_that_is_too_wide_is_written_row_by_row():
    heads, rows = PAIRED
    lines = lines_of((heads, rows), 50)
    first, second = (block.splitlines() for block in "\n".join(lines).split("\n\n"))
    assert [line.split("  ")[-1].strip() for line in first] == list(filter(None, rows[0]))
    assert [line.split("  ")[-1].strip() for line in second] == list(filter(None, rows[1]))
    assert second[0].split() == ["init_value", "100000.0"]
