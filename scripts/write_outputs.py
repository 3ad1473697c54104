"""Runs the blocks of pages, and writes what they print into the blocks of `text` after them.

    python scripts/write_outputs.py docs/tutorials/*.md

Blocks that are not compared stay as they are, and so do those with a line `…`, which leaves
something out.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts.documentation.blocks import read_blocks  # noqa: E402
from scripts.documentation.running import agree, own_packages, run_page  # noqa: E402


def run_darnax(words: list[str]) -> tuple[str, int]:
    """Run the command as a process, with the packages that the page writes."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((".", str(ROOT)))}
    command = [sys.executable, "-m", "darnax", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return done.stdout + done.stderr, done.returncode


def rewrite_page(page: Path) -> None:
    text = page.read_text()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), own_packages():
        for block, output in run_page(read_blocks(page), run_darnax):
            if block.reason or agree(output.printed, block.text):
                continue
            if "\n…\n" in f"\n{block.text}":
                print(f"--- write {block} by hand; this was printed:\n{output.printed}")
                continue
            lines = (line.rstrip() for line in output.printed.strip("\n").splitlines())
            new = "".join(f"{line}\n" for line in lines)
            text = text.replace(f"```text\n{block.text}```", f"```text\n{new}```", 1)
            page.write_text(text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rewrite_page(Path(name).absolute())
