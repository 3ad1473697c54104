"""The test accuracies of a row: from run folders, or else from the receipts."""

import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from reproduction.ledger import Ledger
from reproduction.receipts import SEEDS, Identity, Run, identity_of_row, require_runs
from reproduction.rows.row import ACCURACY, Row

RECEIPTS = Path(__file__).parents[2] / "docs" / "receipts.json"
read_ledger = cache(Ledger.read)  # one for all rows


def read_accuracies(found: Mapping[Identity, Run], outputs: Path, overrides: str) -> list[float]:
    """Return the test accuracy of every seed.

    Where there is no run folder of any seed, they are those of the receipts, with a warning. Where
    there are no receipts with the settings of the row either, the program ends with the command
    for a run.
    """
    row, ledger = Row("", overrides), read_ledger(RECEIPTS)
    has_runs = any(identity_of_row(overrides, seed) in found for seed in SEEDS)
    if has_runs or ledger.missing(row, SEEDS):
        return [run.value(ACCURACY) for run in require_runs(found, outputs, overrides)]
    warnings.warn("accuracies of rows without runs are those of docs/receipts.json", stacklevel=1)
    scores = ledger.accuracies(row)
    return [scores[seed] for seed in SEEDS]
