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


def rows_of(page: str) -> dict[str, str]:
    """Return the rows of the tables by their keys, without the mark of a key that is added."""
    lines = [line for line in page.splitlines() if line.startswith("|")]
    return {line.split("|")[1].replace("(+)", "").strip(): line for line in lines}


def test_a_key_is_marked_where_hydra_needs_a_plus(page: str) -> None:
    """Oracle: Hydra, which changes the keys that the default files have, and no others."""
    rows, composed = rows_of(page), darnax.compose(resolve=False)
    for name, section in SECTIONS.items():
        for key in section.model_fields:
            assert (" (+) " in rows[f"`{name}.{key}`"]) == (key not in composed[name]), key


def test_no_meaning_has_the_none_of_python(page: str) -> None:
    for line in page.splitlines():
        if line.startswith("| `"):
            assert "None" not in line.split("|")[-2], line


def test_every_key_of_the_schema_has_a_row_with_a_meaning(page: str) -> None:
    rows = rows_of(page)
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
