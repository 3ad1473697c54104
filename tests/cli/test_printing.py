"""Foreign text is escaped by every command. Oracle: a list of control characters; the source."""

import ast
import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import darnax
from darnax.cli import panels, tables, train
from darnax.cli.app import app
from darnax.printing import count_of, escape_cell, printable, unescape_cell

DIRECT = ("print", "print_exception", "print_exc", "secho")
ELSEWHERE = (
    "typer.echo",
    "click.echo",
    "sys.stdout.write",
    "sys.stderr.write",
    "sys.stdout.writelines",
    "sys.stderr.writelines",
)
ALLOWED = {
    "tables": {"print", "Console().print"},  # the function itself, and a table of printable cells
    "panels": {"console.print"},  # a box of printable lines
}
COMMANDS = Path(darnax.__file__).parent / "cli"
EVIL = {
    "escape": "\x1b[2J",
    "bell": "\x07",
    "return": "\r",
    "line": "\n",
    "backspace": "\x08",
    "C1": "\x9b31m",
    "delete": "\x7f",
    "right to left": "\u202e",
    "isolate": "\u2066",
    "no width": "\u200b",
    "joiner": "\u2060",
    "filler": "\u3164",
    "grapheme joiner": "\u034f",
    "variant": "\ufe0f",
    "line separator": "\u2028",
    "byte order": "\ufeff",
    "tag": "\U000e0041",
    "surrogate": "\udcff",
    "private": "\ue000",
    "next line": "\x85",
    "soft hyphen": "\xad",
}


def calls(tree: ast.AST) -> set[str]:
    """Return the dotted names of the functions that a file calls."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("file", sorted(COMMANDS.glob("*.py")), ids=lambda file: file.stem)
def test_every_command_prints_through_the_function_that_escapes_text(file: Path) -> None:
    printing = {
        name
        for name in calls(ast.parse(file.read_text()))
        if name.rpartition(".")[2] in DIRECT or name in ELSEWHERE
    }
    assert printing <= ALLOWED.get(file.stem, set())


@pytest.mark.parametrize("what", EVIL)
def test_a_control_character_is_escaped(what: str) -> None:
    assert printable(f"a{EVIL[what]}b").isascii()
    assert printable(f"a{EVIL[what]}b").startswith("a\\")


@pytest.mark.parametrize(
    "words", ["mnist_chain", "λ = 0.5 · ±", "ä+1", "数字", "a\\b", "[red]", "😀", ""]
)
def test_other_text_is_unchanged(words: str) -> None:
    assert printable(words) == words


@pytest.mark.parametrize("error", [False, True])
def test_line_breaks_are_kept(capsys: pytest.CaptureFixture[str], error: bool) -> None:
    tables.echo("a", "b\nc\x1b[2J", "", "d\te", error=error)
    tables.echo(error=error)
    shown = capsys.readouterr()
    assert (shown.err if error else shown.out) == "a\nb\\nc\\x1b[2J\n\nd       e\n\n"
    assert (shown.out if error else shown.err) == ""


def test_a_traceback_is_printable(capsys: pytest.CaptureFixture[str]) -> None:
    assert panels.report(ValueError("a\x1b[2J"), debug=True) == panels.FAILED
    printed = capsys.readouterr().err
    assert "a\\x1b[2J" in printed
    assert "\x1b" not in printed


@given(
    st.dictionaries(
        st.sampled_from(["a", "b"]),
        st.text(max_size=20) | st.lists(st.text(max_size=5)),
        min_size=1,
    )
)
def test_a_configuration_is_shown_as_yaml_of_the_same_content(config: dict[str, object]) -> None:
    config = json.loads(
        json.dumps(config).replace("\\ud", "\\u0")
    )  # which has no half of a pair of surrogates
    lines = train.as_yaml(config)
    assert all(line == printable(line) for line in lines)
    assert yaml.safe_load("\n".join(lines)) == config


FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "=",
    "-",
    "+",
    "-x",
    "'=1",
    "'",
    "＝1",
    "=cmd|' /C calc'!A0",
]
PLAIN = [
    "relu",
    "1",
    "-1",
    "+1",
    "-0.5",
    "1e-05",
    "-1e-3",
    ".5",
    "",
    "a=b",
    "2-1",
    "[1, -1]",
    "null",
    "true",
    "a'b",
    "10.5.5",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_escaped(text: str) -> None:
    assert escape_cell(text).startswith("'")
    assert unescape_cell(escape_cell(text)) == text


@given(st.text(alphabet="=+-@';|\t\r\n 1x", max_size=10))
def test_no_part_of_a_cell_is_a_formula_whatever_separates_cells(text: str) -> None:
    written = escape_cell(text)
    assert unescape_cell(written) == text
    for part in re.split(r"[;|\t\r\n]", written)[1:]:
        assert part.lstrip()[:1] not in ("=", "@", "+", "-"), written


@pytest.mark.parametrize("text", PLAIN)
def test_other_cells_are_unchanged(text: str) -> None:
    assert escape_cell(text) == unescape_cell(escape_cell(text)) == text


@given(st.text(alphabet="=+-@'\t\r\n 1e.x", max_size=8) | st.text(max_size=8))
def test_every_cell_is_read_back_and_none_is_a_formula(text: str) -> None:
    written = escape_cell(text)
    assert unescape_cell(written) == text
    if written.lstrip()[:1] in ("=", "@", "+", "-"):
        float(written)


def test_the_version_is_printed() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.output == f"darnax {darnax.__version__}\n"


COUNTED = re.compile(
    r"^ (epochs|steps|points|examples|classes|replicas|runs|records|bytes|images|labels|messages"
    r"|buffers|phases|seeds)(?!/)\b"
)
SEVERAL = {  # expressions that are never one
    "relaxation": "self.length",
    "layer_map": "self.output + 1",
    "files": "limit",
    "error": "len(label) + 1",
    "grid": "count",
    "description": "description.replicas",
    "untrusted_sets": "value SMALL",
    "wiring": "first",
    "diff": "len(runs)",
    "metrics_file": "LARGEST",
    "page_content": "MOST_RUNS figures.most_points",
    "run_charts": "MOST_POINTS",
}


def amounts(tree: ast.AST):
    """Yield the text before a plural noun in every f-string."""
    for text in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
        for part, word in zip(text.values, text.values[1:], strict=False):
            if (
                isinstance(part, ast.FormattedValue)
                and isinstance(word, ast.Constant)
                and COUNTED.match(word.value)
            ):
                yield ast.unparse(part.value)


def test_counts_of_one_are_printed_in_the_singular():
    assert [count_of(n, "epoch") for n in (0, 1, 1.0, 1.5, 2)] == [
        "0 epochs",
        "1 epoch",
        "1 epoch",
        "1.5 epochs",
        "2 epochs",
    ]
    assert count_of(1, "class", "classes") == "1 class"
    for path in Path(darnax.__file__).parent.rglob("*.py"):
        allowed = SEVERAL.get(path.stem, "")
        assert all(amount in allowed for amount in amounts(ast.parse(path.read_text()))), path
