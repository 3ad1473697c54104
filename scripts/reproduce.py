"""Reproduces the published results: collects runs and writes the results page.

python scripts/reproduce.py
    Add the runs in outputs/ to docs/receipts.json; write docs/results.md and its pictures, and the
    numbers in the experiment files and the README.
python scripts/reproduce.py --missing > todo.sh
    Print the commands of runs that are missing. After an interruption print them again.
python scripts/reproduce.py --physics
    Measure fixed points, convergence and robustness (minutes), then write the page.
"""

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from reproduction.ledger import Ledger
from reproduction.page import draw_pictures, write_page
from reproduction.receipts import SEEDS, read_runs
from reproduction.rewriting import rewrite_files
from reproduction.rows import SECTIONS
from reproduction.rows.row import Row


def list_commands(row: Row, seeds: Sequence[int]) -> list[str]:
    """Return the commands for the runs of a row with these seeds."""
    if not seeds:
        return []
    joined = ",".join(map(str, seeds))
    command = f"darnax train -m {row.overrides} tracking=local seed={joined}"
    return [shlex.join(command.split())]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="where the runs are")
    parser.add_argument(
        "--docs",
        type=Path,
        default=Path("docs"),
        help="where receipts.json and the page results.md go",
    )
    parser.add_argument(
        "--missing", action="store_true", help="print the commands that are left instead"
    )
    parser.add_argument(
        "--physics",
        nargs="*",
        metavar="NAME",
        help="measure these, named under the tables of docs/results.md; all without a name",
    )
    choice = parser.parse_args()
    if choice.physics is not None:
        from reproduction.physics import MEASUREMENTS, measure

        unknown = [name for name in choice.physics if name not in MEASUREMENTS]
        if unknown:
            parser.error(f"--physics: got {unknown[0]}, expected some of {', '.join(MEASUREMENTS)}")
        for name in choice.physics or MEASUREMENTS:
            print(measure(name, choice.outputs), flush=True)
    rows = [row for section in SECTIONS for row in section.rows]
    ledger = Ledger.read(choice.docs / "receipts.json")
    ledger.add_runs(rows, read_runs(choice.outputs), SEEDS, choice.outputs / "physics")
    left = [command for row in rows for command in list_commands(row, ledger.missing(row, SEEDS))]
    if choice.missing:
        print(*left, sep="\n")
        return
    choice.docs.mkdir(parents=True, exist_ok=True)
    ledger.write(choice.docs / "receipts.json")
    (choice.docs / "results.md").write_text(write_page(SECTIONS, ledger))
    for name, picture in draw_pictures(ledger).items():
        (choice.docs / name).write_text(picture)
    for file, text in rewrite_files(choice.docs.absolute().parent, rows, ledger).items():
        file.write_text(text)
    print(f"{choice.docs / 'results.md'}: {len(left)} commands are left")


if __name__ == "__main__":
    main()
