"""Runs the blocks of a page in the working directory, in order, as a reader would.

A block whose first line is a comment with the name of a file becomes that file. Other blocks of
Python share one namespace. In commands, `<run>` and `<sweep>` stand for the newest folder at that
place. A block of `text` shows the output of the block before it.
"""

import contextlib
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from scripts.documentation.blocks import Block, commands

REFUSED = 2  # the exit code of a refusal
FOLDER = re.compile(r"(?P<before>\S*/)<(?:run|sweep)>")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?%?")
# What is printed once on a machine.
PREPARATION = re.compile(r"^(?:prepare|decode) mnist.*\n", re.MULTILINE)
# What differs from run to run: names of folders, and times.
CHANGING = re.compile(
    r"\d{4}-\d\d-\d\d[ _]\d\d[-:]\d\d(?:-\d\d-\w+)?|(?:\d+ min )?\d+(?:\.\d+)? (?:s|images/s)\b"
)


Command = Callable[[list[str]], tuple[str, int]]  # words of darnax -> output and exit code


class BlockError(Exception):
    """A block of a page failed."""


class Output(NamedTuple):
    """What a block printed, and whether the page has to show it."""

    block: Block
    printed: str
    refused: bool


def run_page(
    blocks: list[Block], command: Command, added: Mapping[str, list[str]] | None = None
) -> Iterator[tuple[Block, Output]]:
    """Run the blocks; yield each block of text with the output that it shows.

    Args:
        blocks: of the page.
        command: runs `darnax` with some words.
        added: words to be added to a command, by its name.
    """
    names: dict[str, object] = {"__name__": "page"}
    last = None
    for block in blocks:
        if block.language == "text":
            assert last is not None
            yield block, last
            last = last._replace(refused=False)
        elif last is not None and last.refused:
            raise BlockError(f"{last.block} is refused, and the page does not say so: {last}")
        if block.language != "text" and runs(block):
            last = run_block(block, names, partial(add_words, command, added or {}))


def runs(block: Block) -> bool:
    if block.reason is not None:
        return False
    return block.file is not None or block.language in ("python", "")


def add_words(
    command: Command, added: Mapping[str, list[str]], words: list[str]
) -> tuple[str, int]:
    return command([*words, *added.get(words[0], [])])


def run_block(block: Block, names: dict[str, object], command: Command) -> Output:
    if block.file is not None:
        path = Path(block.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
        return Output(block, "", refused=False)
    if block.language == "python":
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(block.text, str(block), "exec"), names)
        return Output(block, out.getvalue(), refused=False)
    printed, refused = "", False
    for words in commands(block):
        text, code = run_words(block, words[1:], command)
        printed, refused = printed + text, refused or code == REFUSED
    return Output(block, printed, refused)


def run_words(block: Block, words: list[str], command: Command) -> tuple[str, int]:
    text, code = command([FOLDER.sub(newest_folder, word) for word in words])
    if code not in (0, REFUSED):
        raise BlockError(f"{block}: {words}\n{text}")
    return PREPARATION.sub("", text), code


def newest_folder(match: re.Match[str]) -> str:
    return str(max(path for path in Path(match["before"]).glob("2*")))


@contextlib.contextmanager
def own_packages() -> Iterator[None]:
    """Let the packages that a page writes be imported, and forget them afterwards."""
    before = set(sys.modules)
    sys.path.insert(0, str(Path.cwd()))
    yield
    sys.path.remove(str(Path.cwd()))
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "mylab":
            del sys.modules[name]


def agree(printed: str, shown: str) -> bool:
    """Return whether an output is the one that a page shows.

    Words are the same. Numbers differ by at most 0.05, percentages by 5 points. A line `…` stands
    for any number of lines.
    """
    parts = re.split(r"^…$", CHANGING.sub("CHANGES", shown), flags=re.MULTILINE)
    left = CHANGING.sub("CHANGES", printed).split()
    for n, part in enumerate(parts):
        words = part.split()
        last = len(left) - len(words)
        starts = [0] if n == 0 else range(last + 1)
        if len(parts) > 1 and n == len(parts) - 1:
            starts = [last]
        found = [at for at in starts if at >= 0 and same_words(left[at : at + len(words)], words)]
        if not found:
            return False
        left = left[found[0] + len(words) :]
    return not left or shown.rstrip().endswith("…")


def same_words(printed: list[str], shown: list[str]) -> bool:
    if len(printed) != len(shown):
        return False
    return all(same_word(a, b) for a, b in zip(printed, shown, strict=True))


def same_word(printed: str, shown: str) -> bool:
    if NUMBER.sub("#", printed) != NUMBER.sub("#", shown):
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=True)
    return all(close(a, b) for a, b in pairs)


def close(a: str, b: str) -> bool:
    limit = 5 if a.endswith("%") else 0.05
    return abs(float(a.rstrip("%")) - float(b.rstrip("%"))) <= limit
