"""What the command line shows of a run: progress bars, metrics during training, and warnings."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from darnax.cli import streams, tables
from darnax.laboratory.display import StageProgress

if TYPE_CHECKING:
    from darnax.laboratory.display import Display


def display() -> "Display":
    """Return the display of `darnax train`."""
    from darnax.laboratory.display import Display
    from darnax.tracking.console import Console

    return Display(
        data_progress=progress_bar,
        console=Console,
        log_opened=streams.report_lost,
        ends_process=streams.are_installed(),
    )


@contextmanager
def progress_bar() -> Iterator[StageProgress]:
    """Give a function `(stage, done, total)` that moves a progress bar, or prints when piped."""
    if not sys.stderr.isatty():

        def print_when_done(stage: str, done: int, total: int) -> None:
            if done >= total:
                tables.echo(f"{stage}: {total}", error=True)

        yield print_when_done
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    with Bars(console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def move(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield move


class WarningsOnStderr(logging.Handler):
    """Prints darnax's warnings on stderr; errors are shown in a panel instead."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        if record.levelno == logging.WARNING:
            tables.echo(f"warning: {record.getMessage()}", error=True)


@contextmanager
def warnings_to_stderr() -> Iterator[None]:
    """Print warnings while the block runs."""
    handler = WarningsOnStderr()
    logging.getLogger("darnax").addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger("darnax").removeHandler(handler)
