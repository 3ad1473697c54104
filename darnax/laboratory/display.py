"""What is shown of a run while it is prepared and trained; the command line and a notebook each hand in their own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darnax.tracking import Tracker

StageProgress = Callable[[str, int, int], None]  # of (stage, done, total)
DataProgress = Callable[[], AbstractContextManager[StageProgress]]


@contextmanager
def no_progress() -> Iterator[StageProgress]:
    """Give a function that shows nothing."""
    yield lambda stage, done, total: None


@dataclass(frozen=True)
class Display:
    """What is shown of a run.

    Args:
        data_progress: gives, while data are prepared, a function `(stage, done, total)` that is called as they are.
        console: makes the tracker that shows the progress of training, as `darnax.tracking.console.Console` does; None: no
            progress is shown.
        log_opened: called once the log of the run is open, before training starts.
        ends_process: whether the process ends after the run, so that a signal that comes after the end is ignored.
    """

    data_progress: DataProgress = no_progress
    console: "Callable[..., Tracker] | None" = None
    log_opened: Callable[[], None] = lambda: None
    ends_process: bool = False


SILENT = Display()
