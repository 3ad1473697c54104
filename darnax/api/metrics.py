"""The metrics that a run has logged, as arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darnax.api.frames import import_pandas
from darnax.printing import count_of, printable
from darnax.reports.record import number, rows

SHOWN = 6  # names of metrics in a short text
POSITIONS = ("step", "epoch")  # keys of a row that are not metrics


@dataclass(frozen=True, eq=False, repr=False)
class Series:
    """One metric over a run; the arrays have one length.

    Args:
        name: of the metric.
        steps: batches trained on when it was logged.
        epochs: passes over the training set.
        values: NaN if the record has no number.
    """

    name: str
    steps: NDArray[np.int64]
    epochs: NDArray[np.float64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        if not len(self):
            return printable(f"Series({self.name}: empty)")
        last = f"last {self.values[-1]:.6g} at step {self.steps[-1]}"
        return printable(f"Series({self.name}: {count_of(len(self), 'value')}, {last})")


def step_of(row: Mapping[str, Any]) -> int:
    """Return the step of a row; 0 if the record has no integer that 64 bits can hold."""
    step = row.get("step")
    return step if type(step) is int and abs(step) < 2**63 else 0


class Metrics(Mapping[str, Series]):
    """The metrics of a run by name, read from its metrics.jsonl.

    Args:
        path: of metrics.jsonl.
    """

    def __init__(self, path: Path) -> None:
        self.rows: list[Mapping[str, Any]] = list(rows(path))
        logged = dict.fromkeys(chain.from_iterable(self.rows))  # in the order of the first rows
        self.names = tuple(name for name in logged if name not in POSITIONS)

    def __getitem__(self, name: str) -> Series:
        """Return a metric over the run; raise KeyError if it was never logged."""
        if name not in self.names:
            known = ", ".join(self.names) or "nothing: the run has logged no metric"
            raise KeyError(f"got {name}, expected one of {known}")
        found = [row for row in self.rows if name in row]
        steps = np.array([step_of(row) for row in found], np.int64)
        epochs = np.array([number(row.get("epoch")) for row in found])
        values = np.array([number(row[name]) for row in found])
        return Series(name, steps, epochs, values)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        shown = ", ".join(self.names[:SHOWN])
        more = len(self.names) - SHOWN
        rest = f", and {more} more" if more > 0 else ""
        return printable(f"Metrics({count_of(len(self.rows), 'row')}: {shown}{rest})")

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` with one row for every row of metrics.jsonl."""
        pandas = import_pandas()
        return pandas.DataFrame.from_records([dict(row) for row in self.rows])
