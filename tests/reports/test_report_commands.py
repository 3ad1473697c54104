import os
import re
from pathlib import Path

import pytest
from runs_on_disk import make, sweep
from typer.testing import CliRunner

from darnax.cli import tables
from darnax.cli.app import app
from darnax.reports import page_content


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DARNAX_DEBUG", raising=False)
    sweep(Path("outputs"))
    return Path("outputs/chain/sweeps/2026-01-02_10-00-00-abcd")


def darnax(*arguments, code=0):
    result = CliRunner().invoke(app, list(map(str, arguments)), prog_name="darnax")
    assert result.exit_code == code, result.output
    return result.output


def test_runs(lab):
    make(Path("outputs/chain"), "2026-01-03_00-00-00-aaaaaa", status="running", depth=3)
    bad = make(Path("outputs/chain"), "2026-01-04_00-00-00-aaaaaa", 0.5)
    (bad / "summary.json").unlink()
    lines = darnax("runs").splitlines()
    assert len(lines) == 15
    assert "damaged" in lines[1]
    assert "summary.json is missing" in lines[1]
    assert "running" in lines[2]
    assert re.split(" {2,}", lines[3])[:6] == [
        "2026-01-02 10:00",
        "aaaaaa",
        "chain",
        "finished",
        "93.60%",
        "1 min 5 s",
    ]
    assert "depth=2 j_d=0.9 seed=2" in lines[3]
    assert lines[3].endswith(str(lab.relative_to("outputs") / "2026-01-02_10-00-11-aaaaaa"))


def test_folders_are_left_out_on_a_narrow_terminal(lab, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert "sweeps" not in darnax("runs")


def test_a_run_without_recent_rows_is_marked(lab):
    run = make(Path("outputs/chain"), "2026-01-03_00-00-00-aaaaaa", 0.5, status="running")
    for name in ("metrics.jsonl", "summary.json"):
        os.utime(run / name, (0, 0))
    assert "running, silent for" in darnax("runs")


def test_compare(lab):
    lines = darnax("compare", lab, "--csv", "table.csv", "--html", "page.html").splitlines()
    heads = ["depth", "j_d", "eval/accuracy", "n", "p", "minus", "best,", "pp", "paired", "p"]
    assert lines[0].split() == heads
    assert lines[1].split() == ["2", "0.9", "93.30", "±", "0.30%", "3", "best"]
    assert lines[2].split()[-5:] == ["±", "0.30%", "3", "0.0012", "-2.00"]  # equal differences
    assert lines[5].startswith(
        "p: Welch's t-test against the best row; minus best: by common seeds"
    )
    assert lines[5].endswith("; p corrected for 3 tests (Holm), intervals not")
    assert lines[-2:] == ["table: table.csv", "page: page.html"]
    assert Path("table.csv").exists()
    assert Path("page.html").exists()


def test_compare_says_what_is_left_out_of_the_page(lab, monkeypatch):
    monkeypatch.setattr(page_content, "MOST_ROWS", 1)
    *_, page, left_out = darnax("compare", lab, "--html", "page.html").splitlines()
    assert page == "page: page.html"
    assert left_out.startswith("on the page: 1 of 4 configurations are shown")


def test_omitted_columns_and_rows_are_named_or_counted(lab):
    changes = {f"key{i}": i for i in range(12)}
    make(Path("outputs/chain"), "2026-01-03_00-00-00-bbbbbb", 0.5, **changes)
    assert (
        "depth=1 j_d=0.5 seed=0 key0=0 key1=1 key2=2 and 9 more" in darnax("runs").splitlines()[1]
    )
    lines = darnax("compare", "outputs").splitlines()
    assert lines[0].split() == [
        "depth",
        "j_d",
        *(f"key{i}" for i in range(6)),
        "eval/accuracy",
        "n",
        "p",
        "minus",
        "best,",
        "pp",
        "paired",
        "p",
    ]
    assert (
        lines[-1] == "--html and --csv show what else differs: key6, key7, key8, key9, key10, key11"
    )
    assert len(lines) == 8


def test_compare_names_omitted_runs(lab):
    (next(iter(lab.iterdir())) / "config.yaml").write_text("[")
    assert "left out: " in darnax(
        "compare", "outputs", "--group-by", "depth", "--metric", "norm/w_in", "--lower"
    )


def test_compare_says_that_no_run_can_be_read(lab):
    first = min(lab.iterdir())
    (first / "config.yaml").write_text("[")
    lines = darnax("compare", first).splitlines()
    assert lines[0] == "none of the runs can be read"
    assert lines[1].startswith("left out: ")


def test_diff(lab):
    first, *_, last = sorted(lab.iterdir())
    printed = darnax("diff", first, last)
    assert "model.layers.hidden.j_d" in printed
    assert "environment: no difference" in printed
    assert "+6.60 pp" in printed
    assert darnax("diff", first, first).count("no difference") == 3


def test_a_run_is_found_by_name_or_id(lab):
    first, *_, last = sorted(lab.iterdir())
    assert darnax("diff", first.name, last.name) == darnax("diff", first, last)
    assert darnax("compare", "abcd") == darnax("compare", lab)
    assert "may be any of" in darnax("compare", "aaaaaa", code=2)


@pytest.mark.parametrize("command", [("runs",), ("compare", "outputs")])
@pytest.mark.parametrize("terminal", [False, True])
def test_text_from_a_configuration_is_escaped(lab, command, terminal, monkeypatch):
    words = "[red]red[/red] [link=file:///]here[/link] \x1b[2J\nsecond line [/nothing]"
    make(Path("outputs/chain"), "2026-01-03_00-00-00-bbbbbb", 0.5, **{"[b]key": words})
    bad = make(Path("outputs/chain"), "2026-01-03_00-00-01-bbbbbb", 0.5)
    (bad / "summary.json").write_text('{"status": "[bold]\\u001b[2Jodd[/]"}')
    monkeypatch.setenv("COLUMNS", "1000")
    if terminal:
        monkeypatch.setattr(tables, "print_plain", tables.print_boxed)
    printed = darnax(*command)
    assert "[red]red[/red] [link=file:///]here[/link]" in printed
    assert "[/nothing]" in printed
    assert "[b]key" in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize(
    "arguments",
    [("runs", "nowhere"), ("compare", "nowhere"), ("diff", "outputs", "outputs"), ("compare",)],
)
def test_a_wrong_request(lab, arguments):
    assert "Traceback" not in darnax(*arguments, code=2)
