"""The numbers that other files repeat beside a command: the first lines of the experiments, and the table in the README."""

import re
from functools import partial
from pathlib import Path

from reproduction.ledger import Ledger
from reproduction.page import circumstances, figures
from reproduction.rows import Row

HEADER = re.compile(r"^# (?P<command>darnax train .*) seed=0,1,2 -m.*$", re.MULTILINE)
CELLS = re.compile(r"[^|]+\| `(?P<command>darnax train [^`]*) seed=0,1,2 -m`")


def retold(root: Path, rows: list[Row], ledger: Ledger) -> dict[Path, str]:
    """Return the text of these files with the numbers of the receipts; beside a command that is no row stands what stood."""
    known = {row.command: row for row in rows if ledger.of(row)}

    def line(told: re.Match[str]) -> str:
        return header(row, ledger) if (row := known.get(told["command"])) else told[0]

    def cells(told: re.Match[str]) -> str:
        row = known.get(told["command"])
        return (
            f" {figures(row, ledger.of(row))[0]} | `{row.command} seed=0,1,2 -m`"
            if row
            else told[0]
        )

    places = {
        file: partial(HEADER.sub, line) for file in sorted(root.glob("configs/experiment/*.yaml"))
    }
    places |= {file: partial(CELLS.sub, cells) for file in root.glob("README.md")}
    return {file: retell(file.read_text(encoding="utf-8")) for file, retell in places.items()}


def header(row: Row, ledger: Ledger) -> str:
    """Return the line of an experiment file: command, numbers, seeds, seconds, device, and the state of the code."""
    kept = ledger.of(row)
    seeds, seconds, device, commit = circumstances(row, kept)
    reference = f", reference {row.reference} ({row.origin})" if row.reference else ""
    told = f"{figures(row, kept)[0]}{reference} ({seeds} seeds, {seconds} s, {device}, commit {commit})"
    return f"# {row.command} seed=0,1,2 -m    test {told}"
