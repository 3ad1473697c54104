"""`darnax.diff`: the differences between two runs."""

from collections.abc import Hashable, Iterable
from typing import Any

from darnax.api.arguments import require_path
from darnax.api.frames import import_pandas
from darnax.api.table import TextTable
from darnax.reports import diff as reports_diff
from darnax.reports import text
from darnax.reports.diff import Difference
from darnax.reports.runs import Run


class RunDifference:
    """What differs between two runs; prints as three tables.

    Args:
        a: a run, as `darnax.reports` reads it.
        b: another one.

    Attributes:
        configuration: keys of the configuration that differ, each with the values `a` and `b`.
        environment: the same of versions, commit, device and command.
        result: metrics that differ, with the numbers of both runs; NaN where one has none.
        status: of both runs.
        damaged: for each damaged run its folder and what is wrong with it.
    """

    def __init__(self, a: Run, b: Run) -> None:
        self.status = a.status, b.status
        self.configuration = reports_diff.differences(a.config, b.config)
        environment = reports_diff.environment(a), reports_diff.environment(b)
        # The seed is a key of the configuration, too.
        found = reports_diff.differences(*environment)
        self.environment = [change for change in found if change.key != "seed"]
        self.result = reports_diff.results(a, b)
        self.damaged = [(run.path, run.damage) for run in (a, b) if run.damage]

    @property
    def tables(self) -> tuple[TextTable, TextTable, TextTable]:
        """What differs, as text: configuration, environment, result; without rows if nothing."""
        rows = []
        if self.status[0] != self.status[1]:
            rows.append(("status", *self.status, ""))
        for metric, x, y in self.result:
            values = text.metric(metric, x), text.metric(metric, y)
            rows.append((metric, *values, text.change(metric, x, y)))
        return (
            values_table("configuration", self.configuration),
            values_table("environment", self.environment),
            TextTable(("result", "a", "b", "b − a"), rows),
        )

    def to_pandas(self) -> Any:
        """Return the configuration's differing keys as a `pandas.DataFrame`: `key`, `a`, `b`."""
        pandas = import_pandas()
        return pandas.DataFrame.from_records(self.configuration, columns=Difference._fields)

    def __repr__(self) -> str:
        parts = [
            repr(table) if table.rows else f"{table.columns[0]}: no difference"
            for table in self.tables
        ]
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        return "".join(table._repr_html_() for table in self.tables if table.rows)


def diff(a: Any, b: Any) -> RunDifference:
    """Return what differs between two runs: configuration, environment, results.

    Args:
        a: a run, its folder, or its id in `outputs`.
        b: another one.

    Raises:
        RequestError: there is no such run, or a folder contains several.

    Example:
        >>> import darnax
        >>> words = ["+experiment=associations", "tracking=local", "runner.epochs=1"]
        >>> a, b = darnax.train(*words, "seed=1"), darnax.train(*words, "seed=2")
        >>> [change.key for change in darnax.diff(a, b).configuration]
        ['data.source.seed', 'seed']
    """
    return RunDifference(read_run(a, "a"), read_run(b, "b"))


def read_run(place: Any, name: str) -> Run:
    """Read a run that is given as an object with a folder, a path, or an id."""
    folder = getattr(place, "folder", place)
    return reports_diff.read_one(require_path(folder, name, "a run, its folder or its id"))


def values_table(title: str, changes: Iterable[tuple[str, Hashable, Hashable]]) -> TextTable:
    """Return a table of keys with their values in the two runs."""
    rows = [(key, text.leaf(x), text.leaf(y)) for key, x, y in changes]
    return TextTable((title, "a", "b"), rows)
