"""Rows of a CSV or Parquet file: `data=table data.path=my.csv data.target=column`."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from darnax.data.dataset import Dataset
from darnax.data.progress import Progress, silent
from darnax.data.selection import Selection
from darnax.errors import Problem, RequestError, explain_unreadable, first_line
from darnax.extras import install_command
from darnax.files import expand_user, in_memory, open_regular
from darnax.local_data.array_examples import examples_from_arrays
from darnax.local_data.examples import Examples, LocalSource, divide_examples
from darnax.local_data.image_listing import name_some
from darnax.near import near
from darnax.printing import count_of

PARQUET = (".parquet", ".pq")
DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": ","}
_OTHERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_HEADER = 1 << 16  # bytes in which the first line is looked for
WHERE = "data.path"


class Table(LocalSource):
    """Rows with numbers in columns, and a column with the target.

    Args:
        path: a CSV, TSV or Parquet file, of which the first has a line of names.
        target: the column of the targets: integers or names are classes, other numbers values;
            None is refused, with the names of the columns.
        columns: those of the inputs, in this order; None: all but the target.
        targets: `classes` or `values`; None: judged by the targets.
        class_names: the classes in the order of the outputs; None: sorted.
    """

    def __init__(
        self,
        path: str,
        target: str | None = None,
        columns: Sequence[str] | None = None,
        targets: str | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.path = expand_user(path)
        self.target = target
        self.columns = columns
        self.targets = targets
        self.class_names = class_names

    def open(self) -> Dataset:
        """Return the dataset, a fifth of it for testing, for code that uses it by itself."""
        examples = self.read(self.path.parent)
        return divide_examples(examples, Selection(test=0.2), memory_gib=math.inf)

    def read(self, directory: Path, progress: Progress = silent) -> Examples:
        del directory, progress
        table = read_table(self.path)
        names = list(table.column_names)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            what = f"{self.path} has two columns called {', '.join(twice)}; rename one"
            raise RequestError(Problem(WHERE, what))
        if self.target is None:
            what = f"got null, expected the column of the targets; there are {name_some(names)}"
            raise RequestError(Problem("data.target", what))
        if self.target not in names:
            raise RequestError(Problem("data.target", _explain_absent(self.target, names)))
        chosen = [name for name in names if name != self.target]
        if self.columns is not None:
            chosen = list(self.columns)
        absent = [name for name in chosen if name not in names]
        if absent or not chosen or self.target in chosen:
            which = absent[0] if absent else "the target alone"
            raise RequestError(Problem("data.columns", _explain_absent(which, names)))
        if not table.num_rows:
            raise RequestError(Problem(WHERE, f"{self.path} has no rows, expected some"))
        require_numbers(table, chosen, str(self.path))
        _require_filled(table, [*chosen, self.target], str(self.path))
        columns = [table.column(name).to_numpy().astype(np.float32) for name in chosen]
        pair = np.stack(columns, axis=1), _as_targets(table.column(self.target))
        return examples_from_arrays(
            self.path.name, {"train": pair}, kind=self.targets, class_names=self.class_names
        )


def read_table(path: Path) -> Any:
    """Return a table of pyarrow.

    Raises:
        RequestError: pyarrow is not installed, or the file is not a table.
    """
    try:
        import pyarrow as pa
        import pyarrow.csv as csv
        import pyarrow.parquet as parquet
    except ModuleNotFoundError as error:
        what = f"needs pyarrow, which is not installed; {install_command('tables')}"
        raise RequestError(Problem("data=table", what)) from error
    suffix = path.suffix.lower()
    if suffix not in (*PARQUET, *DELIMITERS):
        what = f"{path} has the ending {suffix!r}, expected {', '.join((*DELIMITERS, *PARQUET))}"
        raise RequestError(Problem(WHERE, what))
    try:
        with open_regular(path) as file:
            if suffix in PARQUET:
                opened = parquet.ParquetFile(file)
                cells = opened.metadata.num_rows * opened.metadata.num_columns
                if cells * 8 > in_memory():
                    raise ValueError(f"it has {cells} values, more than fit in memory")
                return opened.read()
            _require_delimiter(path, file.read(_HEADER), DELIMITERS[suffix])
            size = file.seek(0, os.SEEK_END)
            if size > in_memory():
                raise ValueError(f"it has {count_of(size, 'byte')}, more than fit in memory")
            file.seek(0)
            options = csv.ParseOptions(delimiter=DELIMITERS[suffix])
            return csv.read_csv(file, parse_options=options)
    except OSError as error:
        raise RequestError(Problem(WHERE, explain_unreadable(path, error))) from error
    except (pa.ArrowException, ValueError, MemoryError) as error:
        what = f"{path} is not a table that can be read ({first_line(error)})"
        raise RequestError(Problem(WHERE, what)) from error


def _require_delimiter(path: Path, start: bytes, expected: str) -> None:
    """Raise RequestError if the names in the first line are separated by something else."""
    header = start.decode("utf-8", "replace").split("\n", 1)[0]
    counts = {delimiter: header.count(delimiter) for delimiter in _OTHERS}
    found = max(counts, key=lambda delimiter: counts[delimiter])
    if counts[expected] or not counts[found]:
        return
    what = f"{path} has columns separated by {_OTHERS[found]}, expected {_OTHERS[expected]}"
    endings = [ending for ending, delimiter in DELIMITERS.items() if delimiter == found]
    how = f"give it the ending {endings[0]}" if endings else "save it with commas, as .csv"
    raise RequestError(Problem(WHERE, f"{what}; {how}"))


def _explain_absent(name: str, names: Sequence[str]) -> str:
    nearest = near(name, list(names))
    hint = f"; did you mean {nearest[0]}?" if nearest else f"; there are {name_some(list(names))}"
    return f"got {name!r}, expected a column of the table{hint}"


def require_numbers(table: Any, columns: Sequence[str], path: str) -> None:
    """Raise RequestError naming the columns with anything else than numbers."""
    import pyarrow.types as types

    others = []
    for name in columns:
        kind = table.schema.field(name).type
        is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
        if not is_number:
            others.append(f"{name} ({'text' if types.is_string(kind) else kind})")
    if others:
        what = f"{path} has columns without numbers: {name_some(others)}"
        how = "turn them into numbers, or choose others with 'data.columns=[…]'"
        raise RequestError(Problem("data.columns", f"{what}; {how}"))


def _require_filled(table: Any, columns: Sequence[str], path: str) -> None:
    """Raise RequestError naming the columns with missing values."""
    gaps = []
    for name in columns:
        missing = _count_missing(table.column(name))
        if missing:
            gaps.append(f"{name} ({missing})")
    if gaps:
        what = f"{path} has columns with missing values: {name_some(gaps)}"
        raise RequestError(Problem(WHERE, f"{what}; fill them, or remove the rows"))


def _count_missing(column: Any) -> int:
    """Return the number of nulls and blank texts, as which pyarrow reads empty cells of a CSV."""
    blank = 0
    if column.type in ("string", "large_string"):
        blank = sum(text is not None and not text.strip() for text in column.to_pylist())
    return int(column.null_count) + blank


def _as_targets(column: Any) -> np.ndarray:
    values = column.to_numpy()
    if values.dtype.kind == "O":
        return np.array([str(value) for value in column.to_pylist()])
    return np.asarray(values)
