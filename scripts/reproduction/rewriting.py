"""Rewrites the numbers that other files have beside a command, and the tables of pages.

Numbers beside a command are in the first lines of the experiment files, and in the tables of the
README and of the guides that have a column of commands. Tables of pages are those between the
comments `<!-- table NAME -->`, of a measurement, or `<!-- quote NAME -->`, one of
`reproduction.quotes`, and `<!-- end of table -->`.
"""

import re
from functools import partial
from pathlib import Path

from reproduction.ledger import Ledger
from reproduction.page import format_circumstances, format_measurement, format_metrics
from reproduction.quotes import QUOTES
from reproduction.quotes.quote import format_quote
from reproduction.rows.row import Row

HEADER = re.compile(r"^# (?P<command>darnax train .*) seed=0,1,2 -m.*$", re.MULTILINE)
TABLE = re.compile(
    r"(?P<start><!-- (?P<kind>table|quote) (?P<name>\w+) -->\n).*?(?P<end><!-- end of table -->)",
    re.DOTALL,
)
CELLS = re.compile(r"[^|]+\| `(?P<command>darnax train [^`]*) seed=0,1,2 -m`")


def rewrite_files(root: Path, rows: list[Row], ledger: Ledger) -> dict[Path, str]:
    """Return file -> its text with the numbers of the receipts.

    Numbers beside a command that is not one of the rows stay as they are.
    """
    known = {row.command: row for row in rows if ledger.of(row)}

    def rewrite_header(match: re.Match[str]) -> str:
        row = known.get(match["command"])
        return match[0] if row is None else format_header(row, ledger)

    def rewrite_cells(match: re.Match[str]) -> str:
        row = known.get(match["command"])
        if row is None:
            return match[0]
        accuracy = format_metrics(row, ledger.of(row))[0]
        return f" {accuracy} | `{row.command} seed=0,1,2 -m`"

    def rewrite_table(match: re.Match[str], docs: str) -> str:
        format_table = format_quoted if match["kind"] == "quote" else format_measured
        written = format_table(match["name"], ledger, docs)
        return match[0] if written is None else f"{match['start']}\n{written}\n{match['end']}"

    def rewrite_guide(text: str) -> str:
        return CELLS.sub(rewrite_cells, TABLE.sub(partial(rewrite_table, docs="../"), text))

    rewrites = {}
    for file in sorted(root.glob("configs/experiment/*.yaml")):
        rewrites[file] = partial(HEADER.sub, rewrite_header)
    for file in root.glob("README.md"):
        rewrites[file] = partial(CELLS.sub, rewrite_cells)
    for file in root.glob("docs/*.md"):
        rewrites[file] = partial(TABLE.sub, partial(rewrite_table, docs=""))
    for file in root.glob("docs/guides/*.md"):
        rewrites[file] = rewrite_guide
    return {file: rewrite(file.read_text(encoding="utf-8")) for file, rewrite in rewrites.items()}


def format_measured(name: str, ledger: Ledger, docs: str) -> str | None:
    """Return the table of a measurement; None if there is none."""
    return format_measurement(ledger, name, docs) if name in ledger.physics else None


def format_quoted(name: str, ledger: Ledger, docs: str) -> str | None:
    """Return a table that quotes the ledger; None if the ledger lacks a part of it."""
    if name not in QUOTES:
        raise ValueError(f"got quote {name}, expected one of {', '.join(QUOTES)}")
    return format_quote(QUOTES[name], ledger, docs)


def format_header(row: Row, ledger: Ledger) -> str:
    """Return the line of an experiment file: command, accuracy, seeds, seconds, device, commit."""
    receipts = ledger.of(row)
    seeds, seconds, device, commit = format_circumstances(row, receipts)
    accuracy = format_metrics(row, receipts)[0]
    if row.reference:
        accuracy += f", reference {row.reference} ({row.origin})"
    circumstances = f"({seeds} seeds, {seconds} s, {device}, commit {commit})"
    return f"# {row.command} seed=0,1,2 -m    test {accuracy} {circumstances}"
