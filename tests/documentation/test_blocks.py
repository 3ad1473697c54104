"""Blocks of code in README and the site. Oracle: Hydra, the schema, and the outputs on the page."""

import ast
from pathlib import Path

import pytest
from pages import EXECUTED, PAGES, READ, all_blocks, reason_not_to_run
from typer.testing import CliRunner

import darnax
from darnax.builder.problems import Problems
from darnax.builder.specification import SECTIONS, Configuration, read
from darnax.cli.app import app
from scripts.documentation.blocks import Block, commands, read_blocks
from scripts.documentation.running import agree, own_packages, run_page

TRAININGS = []
for block in all_blocks("", READ):
    for words in commands(block):
        composes = words[1] == "train" and reason_not_to_run(words) is None
        if composes and block.reason is None:
            # scikit-learn takes seconds to import.
            marks = [pytest.mark.slow] if "data=sklearn" in words else []
            name = f"{block}-{len(TRAININGS)}"
            TRAININGS.append(pytest.param(words[2:], id=name, marks=marks))
# The trainings of this page take minutes: fewer images here, so that their outputs are others.
SHORTER = {
    "train": ["runner.epochs=1", "runner.limit_batches=2", "tracking=local"],
    "analyse": ["--examples", "200", "--only", "margins"],  # a network after two steps is chaotic
}
QUICK = "own-parts.md"  # the page that takes seconds


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


@pytest.mark.parametrize("block", all_blocks("python", PAGES), ids=str)
def test_python_can_be_parsed(block: Block) -> None:
    ast.parse(block.text)


def test_the_pages_have_blocks() -> None:
    assert len(TRAININGS) >= 10
    assert all(read_blocks(page) for page in EXECUTED)


def run_darnax(words: list[str]) -> tuple[str, int]:
    result = CliRunner().invoke(app, words, prog_name="darnax")
    return result.output, result.exit_code


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.stem, marks=[] if page.name == QUICK else [pytest.mark.slow])
        for page in EXECUTED
    ],
)
def test_a_page_shows_what_its_blocks_print(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mnist_directory: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(mnist_directory))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with own_packages():
        shorter = SHORTER if page.name == "getting-started.md" else {}
        for block, output in run_page(read_blocks(page), run_darnax, shorter):
            compared = block.reason is None and (output.block.language == "python" or not shorter)
            if compared:
                assert agree(output.printed, block.text), (str(block), output.printed)


@pytest.mark.parametrize("page", EXECUTED, ids=str)
def test_a_block_without_a_language_has_only_commands_of_darnax(page: Path) -> None:
    for block in read_blocks(page):
        if block.language == "" and block.reason is None:
            lines = block.text.replace("\\\n", " ").splitlines()
            assert len(lines) == len(commands(block)), block


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("eval 95.1% in 3 s\n", "eval 94.0% in 12 min 5 s\n", True),
        ("eval 80.1%\n", "eval 94.0%\n", False),
        ("a\nb\nc 0.1\nd\n", "a\n…\nc 0.12\n…\n", True),
        ("a\nb\nd\n", "a\n…\nc\n…\n", False),
        ("a\nb\n", "a\n", False),
        ("folder 2026-01-02_03-04-05-abc123", "folder 2027-01-02_03-04-05-fff123", True),
    ],
)
def test_outputs_agree_up_to_what_changes(printed: str, shown: str, same: bool) -> None:
    assert agree(printed, shown) == same
