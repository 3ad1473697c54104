"""A comparison as CSV with all digits, for a spreadsheet or another program."""

import csv
import math
from pathlib import Path

from darnax.errors import writing_file
from darnax.printing import escape_cell, printable
from darnax.reports import text
from darnax.reports.compare import Comparison, Row

PAIRED = ("difference", "low", "high", "paired_p")


def write(comparison: Comparison, path: Path) -> None:
    """Write one line for each row.

    The columns are the full keys, the metric (mean), `sd`, `n`, `p`, the mean `difference` from the
    best row by seed with the `low` and `high` ends of its 95 % interval and its `paired_p`, and the
    folders of all runs.
    Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers do not.
    """
    with (
        writing_file(path),
        path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        table = csv.writer(file)
        header = [*comparison.columns, comparison.heading, "sd", "n", "p", *PAIRED, "runs"]
        table.writerow(map(escape_cell, header))
        for row in comparison.rows:
            mean, sd, p = ("" if math.isnan(x) else repr(x) for x in (row.mean, row.sd, row.p))
            folders = " ".join(printable(run.path.as_posix()) for run in row.runs)
            paired = paired_cells(row)
            cells = [*map(text.leaf, row.values), mean, sd, row.n, p, *paired, folders]
            table.writerow(map(escape_cell, cells))


def paired_cells(row: Row) -> list[str]:
    """Return the cells of `PAIRED`, empty where no seeds are paired."""
    found = row.paired
    if found is None:
        return [""] * len(PAIRED)
    numbers = (found.mean, found.low, found.high, found.p)
    return ["" if math.isnan(x) else repr(x) for x in numbers]
