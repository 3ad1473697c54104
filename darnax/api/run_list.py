"""`darnax.runs`: the runs in a folder."""

from collections.abc import Iterable
from pathlib import Path

from darnax.api.arguments import require_names, require_path
from darnax.api.run import Run
from darnax.api.run_table import tabulate
from darnax.api.table import TextTable


class RunList(list[Run]):
    """Runs, newest first; prints as a table.

    Args:
        runs: the runs.
        table: that of the runs as they were found, also of damaged ones; see `tabulate`.
    """

    def __init__(self, runs: Iterable[Run], table: TextTable) -> None:
        super().__init__(runs)
        self.table = table

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def runs(
    folder: str | Path = "outputs", *, metric: str | None = None, trust: Iterable[str] = ()
) -> RunList:
    """Return all runs in a folder, newest first; damaged ones are only listed in its table.

    Args:
        folder: the folder of runs, at any depth.
        metric: the one that the table shows, as metrics.jsonl names it; by default `eval/accuracy`,
            or the score on the validation split that the runs have instead.
        trust: packages whose code their configurations may name.

    Raises:
        RequestError: there is no run.

    Example:
        >>> import darnax
        >>> run = darnax.train("+experiment=associations", "tracking=local", "runner.epochs=1")
        >>> newest = darnax.runs("outputs/associations")[0]
        >>> newest.folder == run.folder
        True
        >>> darnax.runs("outputs/associations", metric="train/accuracy").table.columns[4]
        'train/accuracy'
    """
    trusted = require_names(trust, "trust")
    place = require_path(folder, "folder")
    found, table = tabulate(place, metric)
    return RunList((Run(run.path, trusted) for run in found if not run.damage), table)
