"""Numbers with names: what every measure returns, and what a CSV file holds."""

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
    """Rows in long form: one number a row, told apart by the other columns."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]


def write(name: str, table: Table, folder: Path) -> Path:
    """Write `<name>.csv` into `folder`, which is made where it is not there; return the file."""
    path = folder / f"{name}.csv"
    with writing_file(path, "choose another run"):
        make_folder(folder)
        with TextIOWrapper(
            open_inside(folder.parent, f"{folder.name}/{name}.csv"), "utf-8", newline=""
        ) as file:
            csv.writer(file).writerows(
                [map(escape_cell, row) for row in (table.columns, *table.rows)]
            )
    return path
