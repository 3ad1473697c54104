"""What is shown of a run; the command line and notebooks pass their own displays."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darnax.tracking import Tracker

StageProgress = Callable[[str, int, int], None]  # called with (stage, done, total)
DataProgress = Callable[[], AbstractContextManager[StageProgress]]


@contextmanager
def no_progress() -> Iterator[StageProgress]:
    """Give a progress function that shows nothing."""
    yield lambda stage, done, total: None


@dataclass(frozen=True)
class Display:
    """What is shown of a run.

    Args:
        data_progress: gives a function `(stage, done, total)`, called while data are prepared.
        console: makes the tracker that shows the progress of training, such as
            `darnax.tracking.console.Console`; None: no progress is shown.
        log_opened: called once the log of the run is open, before training starts.
        ends_process: whether the process ends after the run; then a late signal is ignored.
    """

    data_progress: DataProgress = no_progress
    console: "Callable[..., Tracker] | None" = None
    log_opened: Callable[[], None] = lambda: None
    ends_process: bool = False


SILENT = Display()
