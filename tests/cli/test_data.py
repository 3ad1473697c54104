"""`darnax data`. Oracle: a fake of `darnax.data`."""

from pathlib import Path
from types import SimpleNamespace

import pytest

import darnax.data
from darnax.api.datasets import ORIGIN
from darnax.errors import RequestError


@pytest.fixture
def requests(monkeypatch):
    asked = []

    def catalogue(directory):
        asked.append(directory)
        return [
            SimpleNamespace(name="mnist", prepared=True, origin="bundled"),
            SimpleNamespace(name="x", prepared=False, origin="tfds"),
        ]

    def describe(name, directory):
        if name != "mnist":
            raise RequestError(f"came {name}")
        return SimpleNamespace(
            name=name,
            version="3.0.1",
            text="Digits.",
            splits={"train": 60, "test": 10},
            shape=(28, 28, 1),
            classes=2,
            class_names=("zero", "one"),
            prepared=True,
            origin="bundled",
            folder=Path("/sets/mnist"),
        )

    def prepare(name, directory, archives=None, progress=None):
        asked.append((name, directory, archives))
        for done in range(11):
            progress("decode", done, 10)
        return directory / name

    for function in (catalogue, describe, prepare):
        monkeypatch.setattr(darnax.data, function.__name__, function, raising=False)
    return asked


def test_the_list_shows_which_sets_are_prepared(lab, requests):
    lines = lab("data", "list", "--directory", "sets").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["dataset", "prepared"],
        ["mnist", "yes"],
        ["x", "no"],
    ]
    assert requests == [Path("sets")]


def test_the_directory_is_that_of_the_user_configuration(lab, requests):
    assert lab("data", "list").exit_code == 0
    lab.write({"configs/paths.yaml": "paths: {outputs: outputs, data: /scratch/sets}"})
    assert lab("data", "list").exit_code == 0
    assert requests == [Path("~/sets").expanduser(), Path("/scratch/sets")]


def test_show_prints_shape_splits_and_classes(lab, requests):
    shown = lab("data", "show", "mnist").stdout
    for fact in (
        "Digits.",
        "28 x 28 x 1",
        "60 examples",
        "10 examples",
        "/sets/mnist",
        "zero, one",
    ):
        assert fact in shown
    assert lab("data", "show", "mnst").exit_code == 2


def test_prepare_prints_its_progress_and_the_folder_of_the_set(lab, requests):
    result = lab("data", "prepare", "mnist", "--directory", "sets", "--archives", "~/down")
    assert requests == [("mnist", Path("sets"), Path("~/down").expanduser())]
    assert result.stderr == "decode: 10\n"
    assert result.stdout == "mnist is prepared: sets/mnist\n"


def test_prepare_shows_a_progress_bar_on_a_terminal(monkeypatch, capsys):
    from darnax.api.stages import terminal_stages

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with terminal_stages() as progress:
        progress("decode", 3, 10)
        progress("decode", 10, 10)
    assert "decode" in capsys.readouterr().err


def test_every_origin_of_a_set_has_a_description():
    from darnax.data import catalogue

    assert {row.origin for row in catalogue("/nowhere")} <= set(ORIGIN)
