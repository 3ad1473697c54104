"""`darnax runs`: all runs, newest first."""

from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Debug, Metric

WIDE = 180  # columns of a terminal on which whole paths fit
NARROW = 100  # columns below which a name that all runs have is not repeated
NAME = 2  # the column with the name
WITHOUT_TERMINAL = (1000, 0)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of runs, at any depth.")]


def runs(folder: Folder = Path("outputs"), metric: Metric = None, debug: Debug = False) -> None:
    """List all runs, newest first, with the differences between those of one experiment.

        darnax runs

        darnax runs outputs/mnist_chain --metric train/accuracy

    Every command that takes a run takes the id of one in `outputs` as well. A run that was killed
    is shown as interrupted, because no process holds its lock. On another machine the lock cannot
    be checked: there, a run that has written nothing for some time is shown with that time.
    """
    from darnax.api.run_table import tabulate

    _, table = tabulate(folder, metric)
    width = get_terminal_size(WITHOUT_TERMINAL).columns
    names = {row[NAME] for row in table.rows}
    shown = list(range(len(table.columns) if width >= WIDE else len(table.columns) - 1))
    if width < NARROW and len(names) == 1:
        shown.remove(NAME)
    heads = [table.columns[i] for i in shown]
    tables.show(heads, [[row[i] for i in shown] for row in table.rows])
