"""The pages whose blocks are tested, and which commands of README cannot run as they stand."""

from collections.abc import Iterable
from pathlib import Path

from scripts.documentation.blocks import Block, read_blocks

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EXECUTED = [
    DOCS / "getting-started.md",
    *sorted((DOCS / "tutorials").glob("*.md")),
    DOCS / "guides" / "python.md",
    DOCS / "guides" / "troubleshooting.md",
]
GUIDES = [page for page in sorted((DOCS / "guides").glob("*.md")) if page not in EXECUTED]
READ = [ROOT / "README.md", DOCS / "theory.md", DOCS / "relaxation.md", *GUIDES]
PAGES = [*READ, *EXECUTED]
# Commands that cannot run as they stand, and why.
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


def all_blocks(language: str, pages: Iterable[Path]) -> list[Block]:
    return [block for page in pages for block in read_blocks(page) if block.language == language]


def reason_not_to_run(words: list[str]) -> str | None:
    command = " ".join(words)
    for mark, reason in REASONS.items():
        if mark in command:
            return reason
    return None
