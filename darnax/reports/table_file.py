"""A comparison as CSV, all digits kept, for a spreadsheet or another program."""

import csv
import math
from pathlib import Path

from darnax.errors import writing_file
from darnax.printing import escape_cell, printable
from darnax.reports import text
from darnax.reports.compare import Comparison


def write(comparison: Comparison, path: Path) -> None:
    """Write one line a row: the keys in full, the metric (mean), `sd`, `n`, `p`, and the folders of all runs.

    Words that a spreadsheet would take for a formula begin with an apostrophe; numbers are as they are.
    """
    with (
        writing_file(path),
        path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        table = csv.writer(file)
        table.writerow(
            map(escape_cell, (*comparison.columns, comparison.heading, "sd", "n", "p", "runs"))
        )
        for row in comparison.rows:
            figures = ["" if math.isnan(x) else repr(x) for x in (row.mean, row.sd)]
            p = "" if math.isnan(row.p) else repr(row.p)
            folders = " ".join(printable(run.path.as_posix()) for run in row.runs)
            table.writerow(
                map(escape_cell, (*map(text.leaf, row.values), *figures, row.n, p, folders))
            )
