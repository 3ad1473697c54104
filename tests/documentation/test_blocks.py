"""Blocks of code in README and the site. Oracle: Hydra, the schema, and the outputs on the page."""

import ast
import contextlib
import io
import re
from pathlib import Path

import pytest
from blocks import PAGES, ROOT, Block, all_blocks, commands, read_blocks, reason_not_to_run
from typer.testing import CliRunner

import darnax
from darnax.builder.problems import Problems
from darnax.builder.specification import SECTIONS, Configuration, read
from darnax.cli.app import app

TRAININGS = []
for block in all_blocks(""):
    for words in commands(block):
        composes = words[1] == "train" and reason_not_to_run(words) is None
        if composes and block.reason is None:
            # scikit-learn takes seconds to import.
            marks = [pytest.mark.slow] if "data=sklearn" in words else []
            name = f"{block}-{len(TRAININGS)}"
            TRAININGS.append(pytest.param(words[2:], id=name, marks=marks))
SMALLER = {
    "train": ["runner.epochs=1", "runner.limit_batches=2", "tracking=local"],
    "analyse": ["--examples", "200", "--only", "margins"],  # a network after two steps is chaotic
}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def first_point(words: list[str]) -> list[str]:
    """Return the overrides of the first point of a sweep; those of a search have none."""
    point = []
    for word in words:
        key, _, value = word.partition("=")
        if key in ("-m", "--dry-run", "sweep") or key.startswith(("hydra", "--")):
            continue
        if value.startswith(("interval", "int(", "tag(", "choice")):
            continue
        if value.startswith("range("):
            value = "0"
        if not value.startswith(("[", "{")):
            value = value.partition(",")[0]
        point.append(f"{key}={value}" if value else word)
    return point


@pytest.mark.parametrize("words", TRAININGS)
def test_a_training_composes_and_has_only_keys_of_the_schema(words: list[str]) -> None:
    composed = darnax.compose(*first_point(words))
    problems = Problems()
    read(Configuration, composed, "", problems)
    for name, section in SECTIONS.items():
        read(section, composed[name], name, problems)
    assert not problems.found


def test_a_key_that_does_not_exist_would_be_found() -> None:
    problems = Problems()
    composed = darnax.compose("+experiment=mnist_chain", "+runner.epocs=3")
    read(SECTIONS["runner"], composed["runner"], "runner", problems)
    assert problems.found


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_python_can_be_parsed(block: Block) -> None:
    ast.parse(block.text)


def test_the_pages_have_blocks() -> None:
    assert len(TRAININGS) >= 10
    assert all(read_blocks(page) for page in PAGES)


def almost(printed: str, shown: str) -> bool:
    """Return whether two outputs have the same words, and numbers that differ by at most 0.05."""
    if NUMBER.sub("#", printed).split() != NUMBER.sub("#", shown).split():
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=True)
    return all(abs(float(a) - float(b)) <= 0.05 for a, b in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["docs/getting-started.md", "docs/tutorials/one-step.md"])
def test_python_prints_what_the_page_shows(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = read_blocks(ROOT / name)
    names: dict[str, object] = {"__name__": "page"}
    tried = 0
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block.language != "python":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block.text, str(block), "exec"), names)
        if following is not None and following.language == "text":
            assert almost(printed.getvalue(), following.text), (block, printed.getvalue())
        tried += 1
    assert tried


@pytest.mark.slow
def test_the_library_without_configuration_runs() -> None:
    blocks = [block for block in all_blocks("python") if block.page == "README.md"]
    alone = [block for block in blocks if "optax.adam" in block.text]
    assert len(alone) == 1
    exec(compile(alone[0].text, str(alone[0]), "exec"), {})


@pytest.mark.slow
def test_the_commands_of_getting_started_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = []
    for block in read_blocks(ROOT / "docs" / "getting-started.md"):
        for words in commands(block):
            small = SMALLER.get(words[1], [])
            arguments = [with_folder(word) for word in [*words[1:], *small]]
            result = CliRunner().invoke(app, arguments, prog_name="darnax")
            assert result.exit_code == 0, (block, result.output)
            ran.append(words[1])
    assert ran == ["train", "show", "eval", "analyse", "train", "compare"]


def with_folder(word: str) -> str:
    """Return a word with the newest folder in place of `<run>` or `<sweep>`."""
    before, mark, _ = word.partition("<")
    if not mark:
        return word
    return str(max(path for path in Path(before).glob("2*")))
