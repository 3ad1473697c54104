"""The file of all receipts, kept under version control.

With it the results page can be written without the folders of the runs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from darnax.atomic import write_atomically
from darnax.tracking.strict_json import encode
from reproduction.receipts import (
    Identity,
    Receipt,
    Run,
    digest,
    format_commit,
    identity_of_row,
    make_receipts,
    read_environment,
)
from reproduction.rows.row import ACCURACY, Row


@dataclass
class Ledger:
    """Receipts of runs by command and seed, and the measurements of physics by name."""

    runs: dict[str, dict[int, Receipt]] = field(default_factory=dict)
    physics: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a file; a ledger is empty if there is none."""
        if not file.exists():
            return cls()
        kept = json.loads(file.read_text(encoding="utf-8"))
        runs = {}
        for command, seeds in kept["runs"].items():
            runs[command] = {int(seed): Receipt(**fields) for seed, fields in seeds.items()}
        return cls(runs, kept["physics"])

    def write(self, file: Path) -> None:
        """Write the file."""
        runs = {}
        for command, seeds in sorted(self.runs.items()):
            runs[command] = {str(seed): one._asdict() for seed, one in sorted(seeds.items())}
        write_atomically(file, encode({"runs": runs, "physics": self.physics}, indent=1) + "\n")

    def add_runs(
        self, rows: list[Row], found: Mapping[Identity, Run], seeds: tuple[int, ...], physics: Path
    ) -> None:
        """Add the receipts of runs, which replace older ones, and the measurements of physics.

        Receipts that belong to none of the rows are removed.
        """
        kept = {row.command: merge(self.of(row), make_receipts(found, row, seeds)) for row in rows}
        self.runs = {command: receipts for command, receipts in kept.items() if receipts}
        for file in sorted(physics.glob("*/result.json")):
            result = json.loads(file.read_text(encoding="utf-8"))
            self.physics[file.parent.name] = result | {
                "commit": format_commit(read_environment(file.parent))
            }

    def of(self, row: Row) -> dict[int, Receipt]:
        """Return the receipts of a row."""
        return self.runs.get(row.command, {})

    def accuracies(self, row: Row) -> dict[int, float]:
        """Return seed -> test accuracy, of the receipts of a row that have one."""
        scores = {seed: receipt.metrics.get(ACCURACY) for seed, receipt in self.of(row).items()}
        return {seed: score for seed, score in scores.items() if score is not None}

    def missing(self, row: Row, seeds: tuple[int, ...]) -> list[int]:
        """Return the seeds of a row without a finished run with the current settings."""
        missing = []
        for seed in seeds:
            receipt = self.of(row).get(seed)
            if receipt is None or receipt.cut or is_outdated(row, seed, receipt):
                missing.append(seed)
        return missing


def merge(old: dict[int, Receipt], new: dict[int, Receipt]) -> dict[int, Receipt]:
    """Return the old receipts, replaced by new ones of the same seed.

    A receipt of an interrupted run does not replace one of a finished run.
    """
    merged = dict(old)
    for seed, receipt in new.items():
        if seed not in old or old[seed].cut or not receipt.cut:
            merged[seed] = receipt
    return merged


def is_outdated(row: Row, seed: int, receipt: Receipt) -> bool:
    """Return whether the settings of the row have changed since the run."""
    return receipt.settings != digest(identity_of_row(row.overrides, seed))
