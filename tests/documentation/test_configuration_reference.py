"""The generated reference. Oracle: the schema, the shipped files, and Hydra's own composition."""

import runpy
import sys
from pathlib import Path

import pytest
import yaml

import darnax
from darnax.builder.specification import SECTIONS

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "configuration_reference.py"))
keys = sys.modules["scripts.documentation.yaml_keys"]


@pytest.fixture(scope="module")
def page() -> str:
    return SCRIPT["PAGE"].read_text()


def test_the_page_is_up_to_date(page: str) -> None:
    assert SCRIPT["write_page"]() == page, "run `make reference`"


def test_every_key_of_the_schema_has_a_row_with_a_meaning(page: str) -> None:
    rows = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("|")}
    for name, section in SECTIONS.items():
        for key in section.model_fields:
            assert rows[f"`{name}.{key}`"].split("|")[-2].strip()


def test_every_key_of_every_file_has_a_meaning(page: str) -> None:
    without = []
    for line in page.splitlines():
        if line.startswith("| `") and not line.split("|")[-2].strip():
            without.append(line)
    assert not without


def test_every_file_of_the_configuration_is_on_the_page(page: str) -> None:
    for file in (ROOT / "configs").glob("*/**/*.yaml"):
        group = file.parent.relative_to(ROOT / "configs").as_posix()
        assert f"### `{group}={file.stem}`\n" in page


def test_defaults_are_those_that_hydra_composes() -> None:
    composed = darnax.compose(resolve=False)
    shipped = SCRIPT["shipped_defaults"]()
    assert shipped["runner"] == composed["runner"]
    assert shipped["tracking"] == composed["tracking"]
    assert shipped["seed"] == composed["seed"]


def test_comments_belong_to_the_first_key_of_their_line() -> None:
    text = "# top\na: 1   # one\n       # and more\nb: {c: 2, d: '#3'}   # two\ne:\n  f: 4\n"
    read = {key.name: key.comment for key in keys.read_keys(text)}
    assert read == {"a": "one and more", "b": "two", "b.c": "", "b.d": "", "e": "", "e.f": ""}
    assert keys.read_header(text) == ["top"]
    assert yaml.safe_load(text)["b"]["d"] == "#3"


def test_a_comment_is_on_the_page_for_the_file_that_has_it_alone() -> None:
    meanings = sys.modules["scripts.documentation.meanings"]
    everywhere = {*meanings.EDGES.values(), *meanings.BUFFERS.values()}
    for folder in SCRIPT["group_folders"]():
        group = folder.relative_to(ROOT / "configs").as_posix()
        read = {file: keys.read_keys(file.read_text()) for file in folder.glob("*.yaml")}
        comments = {file: {key.comment for key in read[file]} for file in read}
        foreign = set().union(*comments.values()) - everywhere
        for file in read:
            for key in read[file]:
                _, meaning = meanings.Meanings().of(group, key)
                assert meaning not in foreign - comments[file], (file.stem, key.name)
