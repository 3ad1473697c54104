"""`darnax show` and `darnax cite`. Oracle: the configuration that they describe."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from sampling import one_of
from shipped_schemes import SCHEMES
from typer.testing import CliRunner, Result

from darnax.cli import tables
from darnax.cli.app import app
from darnax.composing.composer import compose
from darnax.runner.run_folder import RunFolder

SMALL = ["+experiment=digits_smoke", "model.features=50"]
TASK = [*SMALL, "data=associations", "data.per_class=null", "~model.adapters.w_in.patch"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "sets"))
    return tmp_path


def darnax(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), prog_name="darnax")


def test_the_connection_graph_is_printed_and_drawn(place):
    result = darnax("show", *SMALL, "--svg", "wiring.svg")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "picture     wiring.svg"
    drawn = "".join(ET.parse(place / "wiring.svg").getroot().itertext())
    for module in ("w_in", "hidden1", "hidden2", "w_out"):
        assert module in result.stdout
        assert module in drawn


@pytest.mark.parametrize("scheme", one_of(5, SCHEMES))
def test_every_learning_rule_is_printed_and_drawn(place, scheme):
    words = [f"+experiment=mnist_{scheme}", "model.features=100"]
    result = darnax("show", *words, "--svg", "wiring.svg")
    assert result.exit_code == 0, result.output
    network = compose(words)["model"]
    drawn = "".join(ET.parse(place / "wiring.svg").getroot().itertext())
    for name in {*network["adapters"]} - {"up", "down"}:  # of deeper networks
        assert name in result.stdout
        assert name in drawn


def test_an_unwritable_picture_gives_one_error_message(place):
    result = darnax("show", *SMALL, "--svg", "nowhere/wiring.svg")
    assert result.exit_code == 2
    assert (
        "nowhere/wiring.svg: cannot be written (No such file or directory); choose another place"
        in result.stderr
    )


def test_tables_are_compact_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    tables.show(
        ("module", "who"), [("w_in", "input → hidden[1]"), ("bad\x1b[2J", "[red]word")], tight=True
    )
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["module      who", "w_in        input → hidden[1]", "bad\\x1b[2J  [red]word"]


def test_cite_uses_the_configuration_of_the_run(place):
    folder = RunFolder.create(Path("outputs"), "task", compose(TASK), [], command=["darnax"])
    cited = darnax("cite", str(folder.path))
    assert cited.exit_code == 0, cited.output
    assert "@" in cited.stdout
    assert "lecun" not in cited.stdout.lower()  # no dataset was used
    refused = darnax("cite", str(folder.path), "model.depth=1")
    assert refused.exit_code == 2
    assert "model.depth=1: got an override, expected only trust=[…]" in refused.stderr


def test_the_numbers_of_modules_are_shown(place):
    """The oracle is what is typed."""
    words = [
        "model.layers.hidden.j_d=0.25",
        "~model.layers.hidden.threshold",
        "+model.layers.hidden.rule={_target_: darnax.rules.Perceptron, margin: 1.5}",
        "model.adapters.w_in.strength=7",
    ]
    result = darnax("show", *SMALL, *words)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    layer = next(line for line in lines if line.startswith("hidden1 "))
    assert layer.endswith("  j_d=0.25 rule.margin=1.5")
    assert "  strength=7 " in next(line for line in lines if line.startswith("w_in "))


def test_a_run_is_shown_by_its_folder(place):
    folder = RunFolder.create(Path("outputs"), "task", compose(TASK), [], command=["darnax"])
    shown = darnax("show", "--config", str(folder.path))
    assert shown.exit_code == 0, shown.output
    assert shown.stdout == darnax("show", *TASK).stdout
    refused = darnax("show", str(folder.path))
    assert refused.exit_code == 2
    assert "a run or its config.yaml is given with --config" in refused.stderr
    refused = darnax("show", "nothing/here")
    assert refused.exit_code == 2
    assert "nothing/here: is not an override, as key=value" in refused.stderr
