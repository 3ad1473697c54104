"""Runs the blocks of pages, and writes what they print into the blocks of `text` after them.

    python scripts/write_outputs.py docs/tutorials/*.md

Blocks with a line `…`, which leave something out, and blocks that are not compared stay as they are.
"""

import contextlib
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts.documentation.blocks import read_blocks  # noqa: E402
from scripts.documentation.running import agree, own_packages, run_page  # noqa: E402


def rewrite_page(page: Path) -> None:
    text = page.read_text()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), own_packages():
        for block, output in run_page(read_blocks(page)):
            if block.reason or agree(output.printed, block.text):
                continue
            if "\n…\n" in f"\n{block.text}":
                print(f"--- {block} is to be written by hand; what it shows printed\n{output.printed}")
                continue
            lines = (line.rstrip() for line in output.printed.strip("\n").splitlines())
            new = "".join(f"{line}\n" for line in lines)
            text = text.replace(f"```text\n{block.text}```", f"```text\n{new}```", 1)
            page.write_text(text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rewrite_page(Path(name).absolute())
