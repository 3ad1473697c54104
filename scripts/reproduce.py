"""The published model from this code: what it gives, what is still to be run, and the physics of networks at rest.

python scripts/reproduce.py                     take the runs in outputs/ into docs/receipts.json, and write docs/results.md
                                                and the numbers in the experiment files and the README
python scripts/reproduce.py --missing > todo.sh the commands that are left; run it, and if it was cut off make it anew
python scripts/reproduce.py --physics           measure the physics (minutes), then the page
"""

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from reproduction.ledger import Ledger
from reproduction.page import page
from reproduction.receipts import ended
from reproduction.retelling import retold
from reproduction.rows import SECTIONS, TRAIN, Row

SEEDS = (0, 1, 2)


def commands(row: Row, seeds: Sequence[int]) -> list[str]:
    """Return what makes the runs of a row with these seeds."""
    if row.program == TRAIN:
        chosen = (
            [f"{TRAIN} -m {row.overrides} tracking=local seed={','.join(map(str, seeds))}"]
            if seeds
            else []
        )
    else:
        chosen = [f"{row.program} {row.overrides} seed={seed}" for seed in seeds]
    return [shlex.join(command.split()) for command in chosen]


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
        help="measure fixed_points, convergence, coupling, recall; default all",
    )
    choice = parser.parse_args()
    if choice.physics is not None:
        from reproduction.physics import MEASUREMENTS, measure

        for name in choice.physics or MEASUREMENTS:
            print(measure(name, choice.outputs), flush=True)
    rows = [row for section in SECTIONS for row in section.rows]
    ledger = Ledger.read(choice.docs / "receipts.json")
    ledger.take(rows, ended(choice.outputs), SEEDS, choice.outputs / "physics")
    left = [command for row in rows for command in commands(row, ledger.missing(row, SEEDS))]
    if choice.missing:
        print(*left, sep="\n")
        return
    ledger.write(choice.docs / "receipts.json")
    (choice.docs / "results.md").write_text(page(SECTIONS, ledger))
    for file, text in retold(choice.docs.absolute().parent, rows, ledger).items():
        file.write_text(text)
    print(f"{choice.docs / 'results.md'}: {len(left)} commands are left")


if __name__ == "__main__":
    main()
