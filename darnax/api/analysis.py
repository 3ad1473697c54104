"""Analyses the network of a run: tables and a page in its folder."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from darnax.analysis.table import Table, write
from darnax.errors import Problem, RequestError
from darnax.laboratory import reopening
from darnax.laboratory.display import Display
from darnax.printing import printable
from darnax.reports import analysis


def report_nothing(what: str, value: object) -> None:
    """Report nothing."""
    del what, value


class Analysis(dict[str, Table]):
    """The tables of an analysis by the names of their measures, and the page that draws them.

    Args:
        tables: name -> table.
        page: the HTML page in the run's folder.
        checkpoint: the description of the network that was analysed.
    """

    def __init__(self, tables: Mapping[str, Table], page: Path, checkpoint: str) -> None:
        super().__init__(tables)
        self.page, self.checkpoint = page, checkpoint

    def __repr__(self) -> str:
        return printable(f"Analysis({', '.join(self)}; {self.page})")


def require_writable(folder: Path) -> None:
    """Raise RequestError if a run is somewhere where its analysis cannot be written."""
    for place in (folder, folder / analysis.FOLDER):
        if place.is_dir() and not os.access(place, os.W_OK):
            what = (
                "is read-only, and the analysis would be written into it; analyse a copy of the run"
            )
            raise RequestError(Problem(str(place), what))


def analyse_run(
    folder: Path,
    overrides: Sequence[str],
    display: Display,
    *,
    only: Sequence[str],
    examples: int,
    states: Path | None = None,
    report: Callable[[str, object], None] = report_nothing,
) -> Analysis:
    """Analyse the network of a run, write tables and a page into its folder, and return them.

    Args:
        folder: of the run.
        overrides: of the data.
        display: shows the progress of preparing data.
        only: names of measures; all of them if there are none.
        examples: number of test examples to use.
        states: a file for the states of all test examples.
        report: is called with a word and a value for everything that is read or written, at once.

    Raises:
        RequestError: a name is unknown, or the run or its data cannot be opened.
    """
    from darnax.analysis import measures

    selected = measures.select_measures(list(only))
    require_writable(folder)
    trained = reopening.analyse(folder, overrides, examples, display)
    checkpoint = trained.trained.describe()
    report("checkpoint", checkpoint)
    tables = {}
    for name, measure in selected.items():
        tables[name] = measure(trained)
        # A measure that does not apply has no rows; it is mentioned only where it was asked for.
        if only or tables[name].rows:
            report(name, write(name, tables[name], folder / analysis.FOLDER))
    for damage in analysis.tables(folder)[1]:
        report("left out", damage)
    page = analysis.write(folder, checkpoint)
    report("page", page)
    if states is not None:
        measures.export_states(trained, states)
        report("states", states)
    return Analysis(tables, page, checkpoint)
