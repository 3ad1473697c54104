"""The table that every measure returns, and its CSV file."""

import csv
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from darnax.errors import writing_file
from darnax.files import make_folder, open_inside
from darnax.printing import escape_cell

Cell = str | int | float


class Table(NamedTuple):
    """Rows in long form: one number in each row, identified by the other columns."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]


def write(name: str, table: Table, folder: Path) -> Path:
    """Write `<name>.csv` into `folder`, which is made if it does not exist; return its path."""
    path = folder / f"{name}.csv"
    with writing_file(path, "analyse a copy of the run"):
        make_folder(folder)
        binary = open_inside(folder.parent, f"{folder.name}/{name}.csv")
        with TextIOWrapper(binary, "utf-8", newline="") as file:
            writer = csv.writer(file)
            for row in (table.columns, *table.rows):
                writer.writerow(map(escape_cell, row))
    return path
