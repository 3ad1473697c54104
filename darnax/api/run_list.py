"""`darnax.runs`: the runs in a folder."""

from collections.abc import Iterable
from pathlib import Path

from darnax.api.arguments import require_names, require_path
from darnax.api.run import Run
from darnax.api.table import TextTable
from darnax.reports import runs as reports_runs
from darnax.reports import text


class RunList(list[Run]):
    """Runs, newest first; prints as a table."""

    def _table(self) -> TextTable:
        read = [reports_runs.read(run.folder) for run in self]
        rows = []
        for run in read:
            identity = run.path.name.rpartition("-")[2]
            when, seconds = f"{run.when:%Y-%m-%d %H:%M}", text.duration(run.seconds)
            rows.append((when, identity, run.experiment, run.status, seconds))
        return TextTable(("when", "id", "name", "status", "duration"), rows)

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()


def runs(folder: str | Path = "outputs", *, trust: Iterable[str] = ()) -> RunList:
    """Return all runs in a folder, newest first; damaged ones are left out.

    Args:
        folder: the folder of runs, at any depth.
        trust: packages whose code their configurations may name.

    Raises:
        RequestError: there is no run.

    Example:
        >>> import darnax
        >>> run = darnax.train("+experiment=associations", "tracking=local", "runner.epochs=1")
        >>> newest = darnax.runs("outputs/associations")[0]
        >>> newest.folder == run.folder
        True
    """
    trusted = require_names(trust, "trust")
    found = reports_runs.find([require_path(folder, "folder")])
    return RunList(Run(run.path, trusted) for run in found if not run.damage)
