"""What is shown while a sweep runs; the command line and notebooks pass their own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from darnax.laboratory.display import DataProgress, no_progress
from darnax.sweeps.point import Objective
from darnax.sweeps.record import Record
from darnax.sweeps.survey import State


@contextmanager
def no_board(record: Record) -> Iterator[None]:
    """Show nothing while the block runs."""
    del record
    yield


def no_table(states: Sequence[State], goal: Objective) -> None:
    """Show nothing."""


def no_failure(error: BaseException) -> None:
    """Show nothing: the folder of the sweep records why a point failed."""


@dataclass(frozen=True)
class SweepDisplay:
    """What is shown of a sweep.

    Args:
        board: shows the states of the points, for the duration of a block.
        table: is called at the end with the state of every point, also after an interruption.
        failure: is called with the exception of a point, in the process that runs it; picklable.
        data_progress: gives a function `(stage, done, total)`, called while data are prepared.
        warnings: shows logged warnings, for the duration of a block before the first point starts.
        note: is called with a line about something that is left as it is.
    """

    board: Callable[[Record], AbstractContextManager[None]] = no_board
    table: Callable[[Sequence[State], Objective], None] = no_table
    failure: Callable[[BaseException], None] = no_failure
    data_progress: DataProgress = no_progress
    warnings: Callable[[], AbstractContextManager[object]] = nullcontext
    note: Callable[[str], None] = lambda line: None


SILENT = SweepDisplay()
