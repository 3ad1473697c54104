"""Writes docs/guides/experiments.md: every shipped experiment, with its numbers from the receipts.

python scripts/experiments_page.py
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import yaml

ROOT = Path(__file__).parents[1]
for place in (ROOT, ROOT / "scripts"):
    sys.path.insert(0, str(place))

from reproduction.ledger import Ledger  # noqa: E402
from reproduction.page import format_metrics, table  # noqa: E402
from reproduction.rows import SECTIONS  # noqa: E402
from reproduction.rows.row import Row  # noqa: E402

from scripts.documentation.yaml_keys import read_header  # noqa: E402

PAGE = ROOT / "docs" / "guides" / "experiments.md"
INTRODUCTION = """\
# Experiments

Written by `python scripts/experiments_page.py` from `configs/experiment` and
[receipts.json](../receipts.json); no number is typed by hand.

`darnax train +experiment=NAME` trains an experiment, `darnax show +experiment=NAME` draws its
network, and the [configuration reference](configuration.md#experiment) has its file. Accuracies are
those of the test images, mean ± standard deviation over seeds, of networks trained on all training
images (`data.validation=0`), unless an experiment has other data. Seconds are those of one run,
or of all seeds side by side, on a machine that had other work as well. The
[results page](../results.md) adds reference numbers, other metrics and commits.
"""


def write_page(root: Path = ROOT) -> str:
    """Return the page."""
    ledger = Ledger.read(root / "docs" / "receipts.json")
    parts = [INTRODUCTION]
    for file in sorted((root / "configs" / "experiment").glob("*.yaml")):
        parts += format_experiment(file, ledger)
    return "\n".join(parts)


def format_experiment(file: Path, ledger: Ledger) -> Iterator[str]:
    """Yield the parts about one experiment."""
    text = file.read_text(encoding="utf-8")
    titles = [line for line in read_header(text) if not line.startswith(("@", "darnax "))]
    yield f"## `{file.stem}`\n\n{titles[0]}.\n"
    files = list(name_files(yaml.safe_load(text).get("defaults", [])))
    if files:
        yield f"Files: {', '.join(files)}.\n"
    rows = [row for row in rows_of(file.stem) if ledger.of(row)]
    if rows:
        heads = ["settings besides the file", "test accuracy", "seeds", "seconds", "on"]
        yield table(heads, [format_row(row, ledger) for row in rows])
    else:
        yield "There is no receipt of it yet.\n"


def name_files(defaults: Sequence[str | Mapping[str, str]]) -> Iterator[str]:
    """Yield the files of a defaults list: choices of groups, and experiments to start from."""
    for entry in defaults:
        if isinstance(entry, Mapping):
            for group, chosen in entry.items():
                yield f"`{group.removeprefix('override /')}={chosen}`"
        elif entry != "_self_":
            yield f"that of [`{entry}`](#{entry})"


def rows_of(name: str) -> list[Row]:
    """Return the rows of the results page that train an experiment."""
    rows = [row for section in SECTIONS for row in section.rows]
    return [row for row in rows if f"+experiment={name}" in row.command.split()]


def format_row(row: Row, ledger: Ledger) -> list[str]:
    """Return the cells of a row."""
    receipts = ledger.of(row)
    shown = [word for word in row.overrides.split() if not word.startswith("+experiment=")]
    shown = [word for word in shown if word != "data.validation=0"]
    settings = f"`{' '.join(shown)}`" if shown else "none"
    seconds = f"{fmean(receipt.seconds for receipt in receipts.values()):.0f}"
    devices = dict.fromkeys(receipt.device for receipt in receipts.values())
    accuracy = format_metrics(row, receipts)[0].replace(" ± ", "\u00a0±\u00a0")
    return [settings, accuracy, f"{len(receipts)}", seconds, ", ".join(devices)]


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
