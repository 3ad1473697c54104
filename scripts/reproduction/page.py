"""The results page: tables whose every number comes out of a run folder."""

from collections.abc import Iterator, Sequence
from statistics import fmean, stdev
from typing import Any

from reproduction.ledger import Ledger, stale
from reproduction.receipts import Receipt
from reproduction.rows import ACCURACY, Row, Section

HEADER = """# Results

This page is written by `python scripts/reproduce.py` from the receipts in [receipts.json](receipts.json), which
the script collects from run folders; no number is typed by hand. Numbers are mean ± standard deviation over seeds.
Seconds are the duration of one run, or of all runs trained together as one program, on a machine with other load.
A + after a commit marks uncommitted changes in the working tree; a * marks that the settings of the row have
changed since the run. Rows without numbers have not been run; `python scripts/reproduce.py --missing` lists the
commands for them.

All accuracies are measured once, with the last network, on the 10,000 test images. Every network was trained on all
60,000 training images, with settings that had been chosen on a validation split of the training images. Reference
numbers are given where there are any. Their origin is *fork*, a notebook in a public fork of the code of
arXiv 2509.05041 (test images), or *authors*, the code and the plots of its authors (validation images). None of them
has been compared with the text of the paper yet.
"""


def page(sections: Sequence[Section], ledger: Ledger) -> str:
    """Return the page as Markdown."""
    return "\n".join(
        [
            HEADER,
            *(part for section in sections for part in trained(section, ledger)),
            *measured(ledger),
        ]
    )


def trained(section: Section, ledger: Ledger) -> Iterator[str]:
    """Yield the parts of a section of runs."""
    yield f"## {section.title}\n\n{section.text}\n"
    compared = any(row.reference for row in section.rows)
    heads = [
        "",
        *(["reference", "origin"] if compared else []),
        *section.heads,
        "seeds",
        "seconds",
        "on",
        "commit",
        "command",
    ]
    yield table(heads, [line(row, ledger.of(row), compared) for row in section.rows])


def line(row: Row, kept: dict[int, Receipt], compared: bool) -> list[str]:
    """Return the cells of a row."""
    return [
        row.what,
        *([row.reference, row.origin] if compared else []),
        *figures(row, kept),
        *(circumstances(row, kept) if kept else [""] * 4),
        f"`{row.command}`",
    ]


def figures(row: Row, kept: dict[int, Receipt]) -> list[str]:
    """Return mean ± sd of every metric."""
    return [
        spread([v for one in kept.values() if (v := one.metrics.get(metric)) is not None], metric)
        for metric in row.metrics
    ]


def circumstances(row: Row, kept: dict[int, Receipt]) -> tuple[str, str, str, str]:
    """Return seeds, seconds, device and commit."""
    cut = "".join(
        f", cut off after {epoch} epochs"
        for epoch in sorted({one.cut for one in kept.values()} - {0})
    )
    return (
        f"{len(kept)}{cut}",
        f"{fmean(one.seconds for one in kept.values()):.0f}",
        ", ".join(dict.fromkeys(one.device for one in kept.values())),
        ", ".join(
            dict.fromkeys(one.commit + "*" * stale(row, seed, one) for seed, one in kept.items())
        ),
    )


def spread(values: Sequence[float], metric: str) -> str:
    """Write mean ± sd."""
    digits = 4 if metric == ACCURACY else 3
    mean = f"{fmean(values):.{digits}f}" if values else ""
    return mean + (f" ± {stdev(values):.{digits}f}" if len(values) > 1 else "")


def measured(ledger: Ledger) -> Iterator[str]:
    """Yield the parts about the physics."""
    yield "## Physics\n"
    for name, result in sorted(ledger.physics.items()):
        yield f"{result['text']}\n"
        yield table(
            list(result["rows"][0]), [list(map(str, row.values())) for row in result["rows"]]
        )
        yield f"`python scripts/reproduce.py --physics {name}`, {result['seconds']:.0f} s, commit {result['commit']}\n"


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table in Markdown."""
    return (
        "\n".join([f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)])
        + "\n"
    )
