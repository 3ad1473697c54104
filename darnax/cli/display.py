"""What the command line shows of a run: progress, metrics during training, and warnings."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from darnax.cli import streams, tables

if TYPE_CHECKING:
    from darnax.laboratory.display import Display


def display() -> "Display":
    """Return the display of `darnax train`."""
    from darnax.api.stages import terminal_stages
    from darnax.laboratory.display import Display
    from darnax.tracking.console import Console

    return Display(
        data_progress=terminal_stages,
        console=Console,
        log_opened=streams.report_lost,
        ends_process=streams.are_installed(),
    )


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
