"""The receipts that are kept under version control, so that the page outlives the folders of the runs behind it."""

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
    commit,
    digest,
    environment,
    receipts,
    wanted,
)
from reproduction.rows import Row


@dataclass
class Ledger:
    """Receipts of training runs by row and seed, and the measurements of physics by name."""

    runs: dict[str, dict[int, Receipt]] = field(default_factory=dict)
    physics: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Return what the file holds; nothing where there is none."""
        if not file.exists():
            return cls()
        kept = json.loads(file.read_text(encoding="utf-8"))
        runs = {
            row: {int(seed): Receipt(**one) for seed, one in seeds.items()}
            for row, seeds in kept["runs"].items()
        }
        return cls(runs, kept["physics"])

    def write(self, file: Path) -> None:
        """Write all of it."""
        runs = {
            row: {str(seed): one._asdict() for seed, one in sorted(seeds.items())}
            for row, seeds in sorted(self.runs.items())
        }
        write_atomically(file, encode({"runs": runs, "physics": self.physics}, indent=1) + "\n")

    def take(
        self, rows: list[Row], there: Mapping[Identity, Run], seeds: tuple[int, ...], physics: Path
    ) -> None:
        """Take in the runs that are there, in the place of older ones; what is of no row any more goes."""
        found = {row.command: better(self.of(row), receipts(there, row, seeds)) for row in rows}
        self.runs = {command: kept for command, kept in found.items() if kept}
        for file in sorted(physics.glob("*/result.json")):
            result = json.loads(file.read_text(encoding="utf-8"))
            self.physics[file.parent.name] = result | {"commit": commit(environment(file.parent))}

    def of(self, row: Row) -> dict[int, Receipt]:
        """Return the receipts of a row."""
        return self.runs.get(row.command, {})

    def missing(self, row: Row, seeds: tuple[int, ...]) -> list[int]:
        """Return the seeds of a row that were never run, or not to the end, or with other settings than it has now."""
        return [
            seed
            for seed in seeds
            if (one := self.of(row).get(seed)) is None or one.cut or stale(row, seed, one)
        ]


def better(kept: dict[int, Receipt], new: dict[int, Receipt]) -> dict[int, Receipt]:
    """Return the new receipts and those that they do not replace: a run that was cut off replaces none that came to its end."""
    return kept | {seed: one for seed, one in new.items() if not one.cut or kept.get(seed, one).cut}


def stale(row: Row, seed: int, one: Receipt) -> bool:
    """Whether the row has other settings now than it had then."""
    return one.settings != digest(wanted(row.overrides, seed))
