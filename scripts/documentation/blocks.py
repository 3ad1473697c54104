"""The fenced blocks of a Markdown page, and the commands in them."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(
    r"(?:<!-- not (?:run|compared): (?P<reason>.+?) -->\n)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
FILE = re.compile(r"(?:# @package \w+\n)?# (?P<path>(?:\./)?[\w./]+\.(?:py|yaml))\b")


class Block(NamedTuple):
    """A fenced block; `reason` says why it is not run, or its output not compared."""

    page: str
    line: int
    language: str
    text: str
    reason: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """The file that a comment at the start of the block names."""
        found = FILE.match(self.text)
        return found["path"] if found else None


def read_blocks(page: Path) -> list[Block]:
    text = page.read_text()
    blocks = []
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start("text"))
        blocks.append(Block(page.name, line, match["language"], match["text"], match["reason"]))
    return blocks


def commands(block: Block) -> list[list[str]]:
    """Return the words of every `darnax` command in a block.

    Two spaces or more end a command: what follows describes it.
    """
    found = []
    for line in re.sub(r"\\\n\s*", "", block.text).splitlines():
        line = line.removeprefix("$ ").removeprefix("PYTHONPATH=. ")
        if line.startswith("darnax "):
            found.append(shlex.split(re.split(r"\s{2,}", line)[0]))
    return found
