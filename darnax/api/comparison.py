"""`darnax.compare`: runs side by side, as a table."""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from darnax.api.arguments import argument_names, format_argument, require_names, require_path
from darnax.api.frames import import_pandas
from darnax.api.table import TextTable
from darnax.errors import RequestError
from darnax.reports import compare as reports_compare
from darnax.reports import comparison_table, runs, table_file


class Comparison:
    """One row for each configuration, best first, over its seeds.

    Args:
        found: the comparison of `darnax.reports`.

    Attributes:
        rows: for each configuration `values` of the `columns`, `n`, `mean`, `sd`, `p`,
            `paired` (the differences from the best row by seed), runs.
        columns: the keys in which configurations differ.
        metric: by which they are compared.
        is_ranked: whether the metric may be used to choose; else rows are in no order of merit.
        damaged: for each run that was left out its folder and what is wrong with it.

    Example:
        >>> import darnax
        >>> experiment = ["+experiment=associations", "tracking=local", "runner.epochs=1"]
        >>> sweep = darnax.sweep(*experiment, "model.layers.hidden.threshold=1.0,1.4")
        >>> table = sweep.compare(metric="train/accuracy")
        >>> table.columns
        ('model.layers.hidden.threshold',)
        >>> print(table.to_csv("loads.csv"))
        loads.csv
    """

    def __init__(self, found: reports_compare.Comparison) -> None:
        self.found = found
        self.rows, self.columns, self.metric = found.rows, found.columns, found.metric
        self.is_ranked = found.is_ranked
        self.damaged = [(run.path, run.damage) for run in found.damaged]

    @property
    def table(self) -> TextTable:
        """The table as text, as `darnax compare` prints it."""
        return TextTable(*comparison_table.cells(self.found))

    @property
    def note(self) -> str:
        """What the columns of tests are, in a sentence; empty where there are none."""
        return comparison_table.explain_tests(self.found)

    @property
    def unshown(self) -> str:
        """In which settings without a column experiments differ; empty for one experiment."""
        return comparison_table.explain_unshown(self.found)

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame`.

        Its columns are the differing keys, the mean of the metric, `sd`, `n`, `p`, and the mean
        `difference` from the best row by seed with the ends `low` and `high` of its interval and
        its `paired_p`.
        """
        pandas = import_pandas()
        columns = [*self.columns, self.found.heading, "sd", "n", "p", *table_file.PAIRED]
        records = []
        for row in self.rows:
            found = row.paired
            paired = [math.nan] * 4 if found is None else [*found[1:]]
            records.append((*row.values, row.mean, row.sd, row.n, row.p, *paired))
        return pandas.DataFrame.from_records(records, columns=columns)

    def to_html(self, path: str | Path) -> Path:
        """Write a page with curves, a map over swept axes and the table; return its path.

        The page of one run shows its curves, network, settings, environment and checkpoints. A
        page has at most 10 MB, and says what is left out of it.
        """
        file = require_path(path, "path")
        self.write_page(file)
        return file

    def write_page(self, path: Path, follow: float = 0) -> list[str]:
        """Write the page; return what is left out of it, one sentence each.

        With `follow`, the open page reloads itself after so many seconds.
        """
        from darnax.reports import page

        run = self.only_run
        if run is None:
            return page.write(self.found, path, follow)
        from darnax.api.run_background import describe_background

        return page.write_run(run, describe_background(run.path.absolute()), path, follow)

    @property
    def only_run(self) -> runs.Run | None:
        """The run, where there is only one; its page shows it as a whole."""
        found = {run for row in self.rows for run in row.runs} | set(self.found.damaged)
        return found.pop() if len(found) == 1 else None

    def to_csv(self, path: str | Path) -> Path:
        """Write the table with all its digits; return its path."""
        file = require_path(path, "path")
        table_file.write(self.found, file)
        return file

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def compare(
    *sources: Any,
    metric: str | None = None,
    group_by: Iterable[str] = (),
    best: bool = False,
    lower: bool = False,
) -> Comparison:
    """Compare runs: one row for each configuration over its seeds, best first.

    Args:
        sources: runs, sweeps, folders of runs, ids of runs, or lists of these.
        metric: any name in metrics.jsonl; by default `eval/accuracy`, or the score on the
            validation split that the runs have instead.
        group_by: keys to group runs by; by default all that differ but the seed.
        best: whether the best logged value of each run counts, instead of the last.
        lower: whether lower values of the metric are better; this is known of a run's own score.

    Raises:
        RequestError: there is no run, or no finished run has the metric.

    Example:
        >>> import darnax
        >>> experiment = ["+experiment=associations", "tracking=local", "runner.epochs=1"]
        >>> sweep = darnax.sweep(*experiment, "seed=1,2")
        >>> table = darnax.compare(sweep, metric="train/accuracy")
        >>> [row.n for row in table.rows]
        [2]
    """
    if metric is not None and not isinstance(metric, str):
        what = "expected the name of a metric"
        raise RequestError(f"metric: got {format_argument(metric)}, {what}")
    keys = require_names(group_by, "group_by")
    folders = list(list_folders(sources))
    if not folders:
        raise RequestError("got no run, expected runs, sweeps, or folders of them")
    with argument_names():
        return compare_found(
            runs.find(folders), metric=metric, group_by=keys, best=best, lower=lower
        )


def compare_found(
    found: Sequence[runs.Run],
    *,
    metric: str | None = None,
    group_by: Sequence[str] = (),
    best: bool = False,
    lower: bool = False,
) -> Comparison:
    """Compare runs that have been read, as `compare` does."""
    return Comparison(reports_compare.compare(found, metric, group_by, best=best, lower=lower))


def list_folders(sources: Iterable[Any]) -> Iterator[Path]:
    """Yield the folder of every run or sweep, and every path, in nested lists as well."""
    for source in sources:
        if isinstance(source, list | tuple | set):
            yield from list_folders(source)
        elif isinstance(source, str | Path):
            yield Path(source)
        elif hasattr(source, "folder"):
            yield Path(source.folder)
        else:
            what = "expected runs, sweeps, or folders of them"
            raise RequestError(f"got {format_argument(source)}, {what}")
