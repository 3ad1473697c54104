"""What is shown of a sweep while it runs; the command line and a notebook each hand in their own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from darnax.laboratory.display import DataProgress, no_progress
from darnax.sweeps.record import Objective, Record
from darnax.sweeps.survey import State


@contextmanager
def no_board(record: Record) -> Iterator[None]:
    """Show nothing while the block runs."""
    del record
    yield


def no_table(states: Sequence[State], goal: Objective) -> None:
    """Show nothing."""


def no_failure(error: BaseException) -> None:
    """Show nothing: the folder of the sweep says why a point failed."""


@dataclass(frozen=True)
class SweepDisplay:
    """What is shown of a sweep.

    Args:
        board: shows how the points stand, for the time of a block.
        table: is called with the state of every point at the end, also of a sweep that was interrupted.
        failure: is called with what a point has raised, in the process that runs it; can be pickled.
        data_progress: gives, while data are prepared, a function `(stage, done, total)` that is called as they are.
        warnings: shows what is logged as a warning, for the time of a block before the first point starts.
        note: is called with a line about something that is left as it is.
    """

    board: Callable[[Record], AbstractContextManager[None]] = no_board
    table: Callable[[Sequence[State], Objective], None] = no_table
    failure: Callable[[BaseException], None] = no_failure
    data_progress: DataProgress = no_progress
    warnings: Callable[[], AbstractContextManager[object]] = nullcontext
    note: Callable[[str], None] = lambda line: None


SILENT = SweepDisplay()
