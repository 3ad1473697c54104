"""The fenced blocks of a Markdown page, and the commands in them."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "docs" / "getting-started.md",
    ROOT / "docs" / "theory.md",
    ROOT / "docs" / "tutorials" / "one-step.md",
]
FENCE = re.compile(
    r"(?:<!-- not run: (?P<reason>.+?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# Commands of README.md that cannot run as they stand, and why.
REASONS = {
    "<run>": "names the folder of a run of the reader",
    "<sweep>": "names the folder of a sweep of the reader",
    "…": "leaves out what does not matter",
    "RUN": "names the folder of a run of the reader",
    "data.path=": "reads files of the reader",
    "data=cifar10": "reads an archive that its publisher distributes",
    "mylab": "uses a package of the reader, which the page shows",
    "model=mine": "uses a file of the reader, which the page shows",
    "j_d=much": "shows a refusal",
    "2026-11": "names the folder of a run",
}


class Block(NamedTuple):
    """A fenced block; `reason` says why it is not run, if it is not."""

    page: str
    line: int
    language: str
    text: str
    reason: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def read_blocks(page: Path) -> list[Block]:
    text = page.read_text()
    blocks = []
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start("text"))
        blocks.append(Block(page.name, line, match["language"], match["text"], match["reason"]))
    return blocks


def all_blocks(language: str) -> list[Block]:
    return [block for page in PAGES for block in read_blocks(page) if block.language == language]


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


def reason_not_to_run(words: list[str]) -> str | None:
    command = " ".join(words)
    for mark, reason in REASONS.items():
        if mark in command:
            return reason
    return None
