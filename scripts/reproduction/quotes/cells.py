"""Cells of tables that are read from the ledger: accuracies of rows, and cells of measurements.

Without a receipt or a measurement that it needs, the text of a cell is None.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

from reproduction.ledger import Ledger
from reproduction.rows.row import Row, Section
from reproduction.spread import format_pairs, format_spread


class Source(NamedTuple):
    """A table of the results page: its name and the anchor of its heading."""

    name: str
    anchor: str


class Cell(Protocol):
    """A cell that is read from the ledger."""

    @property
    def sources(self) -> list[Source]:
        """The tables that it is from."""

    def read(self, ledger: Ledger) -> str | None:
        """Return the text of the cell."""


@dataclass(frozen=True)
class Accuracy:
    """The test accuracy of a row; of several rows every text that occurs among them."""

    section: Section
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, section: Section, *names: str) -> Self:
        """Return the cell of the rows of a section with these names."""
        return cls(section, tuple(find_row(section, name) for name in names))

    @property
    def sources(self) -> list[Source]:
        """The table of the section."""
        return [section_source(self.section)]

    def read(self, ledger: Ledger) -> str | None:
        """Return mean ± standard deviation."""
        scores = [list(ledger.accuracies(row).values()) for row in self.rows]
        if not all(scores):
            return None
        # A dictionary keeps each text once, in order.
        return ", ".join(dict.fromkeys(format_spread(values, 4) for values in scores))


@dataclass(frozen=True)
class Pairs:
    """The difference of two rows in points with its interval, and p, in pairs by seed."""

    section: Section
    one: Row
    other: Row

    @classmethod
    def of(cls, section: Section, one: str, other: str) -> Self:
        """Return the cell of two rows of a section."""
        return cls(section, find_row(section, one), find_row(section, other))

    @property
    def sources(self) -> list[Source]:
        """The table of the section."""
        return [section_source(self.section)]

    def read(self, ledger: Ledger) -> str | None:
        """Return the comparison of the seeds that both rows have."""
        ones = ledger.accuracies(self.one)
        others = ledger.accuracies(self.other)
        seeds = sorted(ones.keys() & others.keys())
        if len(seeds) < 2:
            return None
        return format_pairs([ones[seed] for seed in seeds], [others[seed] for seed in seeds])


@dataclass(frozen=True)
class Measured:
    """A cell of a measurement, of the one line that has the key in its columns."""

    name: str
    key: Mapping[str, Any]
    column: str

    @property
    def sources(self) -> list[Source]:
        """The table of the measurement."""
        return [Source(f"`{self.name}`", "physics")]

    def read(self, ledger: Ledger) -> str | None:
        """Return the text of the cell."""
        if self.name not in ledger.physics:
            return None
        rows = ledger.physics[self.name]["rows"]
        lines = [row for row in rows if self.key.items() <= row.items()]
        found = [row for row in lines if self.column in row]
        if len(found) != 1:
            expected = f"one with {dict(self.key)} and a column {self.column}"
            raise ValueError(f"{self.name}: got {len(found)} lines, expected {expected}")
        return str(found[0][self.column])


@dataclass(frozen=True)
class Derived:
    """A cell that is a function of the texts of other cells."""

    function: Callable[..., str]
    cells: tuple[Cell, ...]

    @property
    def sources(self) -> list[Source]:
        """The tables of the other cells."""
        return [source for cell in self.cells for source in cell.sources]

    def read(self, ledger: Ledger) -> str | None:
        """Return what the function makes of the texts."""
        texts = [cell.read(ledger) for cell in self.cells]
        return None if None in texts else self.function(*texts)


def find_row(section: Section, name: str) -> Row:
    """Return the row of a section with this name.

    Raises:
        ValueError: there is none or several.
    """
    found = [row for row in section.rows if row.what == name]
    if len(found) != 1:
        names = ", ".join(row.what for row in section.rows)
        raise ValueError(f"{section.title}: got {name}, expected the name of one of: {names}")
    return found[0]


def section_source(section: Section) -> Source:
    """Return the table of a section, with the anchor that the site gives to its heading."""
    words = re.sub(r"[^\w\s-]", "", section.title.lower())
    return Source(section.title, re.sub(r"[-\s]+", "-", words))
