"""Text of a configuration is escaped in all output. Oracle: an XML parser; control characters."""

import copy
import shlex
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from rich.console import Console
from small_experiments import composed

from darnax.builder import describe
from darnax.cli import panels, tables
from darnax.composing.trust import trust_option
from darnax.diagrams import picture
from darnax.reports import confusion
from darnax.runner.stop_signals import Interrupted

NASTY = [
    "<script>alert(1)</script>",
    "[red]x[/red]",
    "[/]",
    "a\x1b[2Jb",
    "\x07",
    "'\"&",
    "\x9b2J",
    "‮abc",
    "]]>",
]


def test_text_in_an_svg_creates_no_elements():
    config = copy.deepcopy(composed("mnist_skip"))
    adapters = config["model"]["adapters"]
    names = dict(
        zip(
            adapters,
            ["<b>x</b>", "a&b", "\"'>", "]]><i/>", "a\x1b[2J\u202eb", *adapters],
            strict=False,
        )
    )
    config["model"]["adapters"] = {names[name]: node for name, node in adapters.items()}
    config["optimizer"]["groups"] = {}
    learn = list(config["model"]["adapters"])
    for phase in config["dynamics"]["train"].values():
        phase["learn"] = [*learn, "hidden*"] if phase.get("learn") else []
    tree = ElementTree.fromstring(picture.svg(describe(config)))
    assert not {element.tag.rpartition("}")[2] for element in tree.iter()} & {
        "b",
        "i",
        "u",
        "script",
    }
    assert "<b>x</b>" in "".join(tree.itertext())
    assert "a\\x1b[2J\\u202eb" in "".join(tree.itertext())


def test_class_names_in_a_confusion_matrix_are_escaped():
    names = [*NASTY, "\udcff", "\x00"]
    picture = confusion.draw(np.eye(len(names), dtype=int), names)
    assert "<script>" not in picture
    words = "".join(ElementTree.fromstring(picture.encode()).itertext())
    assert "<script>alert(1)</script>" in words
    assert not [letter for letter in words if not letter.isprintable() and letter != "\n"]


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_tables_and_panels_contain_no_control_characters(monkeypatch, capsys, terminal):
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: terminal)
    monkeypatch.setattr(Console, "is_terminal", False)
    monkeypatch.setenv("COLUMNS", "300")
    tables.show(NASTY, [NASTY, NASTY])
    panels.panel("title", NASTY)
    captured = capsys.readouterr()
    for text in captured:
        assert not [letter for letter in text if not letter.isprintable() and letter != "\n"]
        assert text.count("[red]x[/red]") == (3 if text is captured.out else 1)
        assert "\\x1b[2J" in text


@pytest.mark.parametrize(
    "name", ["run", "a b", "x; touch caught", "$(touch caught)", "`touch caught`", "it's"]
)
def test_the_command_to_resume_is_quoted_for_any_folder_name(tmp_path, name):
    words = shlex.split(Interrupted(15, tmp_path / name).resume)
    assert words == ["darnax", "train", "--resume", str(tmp_path / name)]


@pytest.mark.parametrize("package", ["mylab", "x]' ; touch caught ; '", "$(touch caught)"])
def test_the_trust_option_is_quoted_for_any_package_name(package):
    assert shlex.split(trust_option([package])) == [f"trust=[{package}]"]
