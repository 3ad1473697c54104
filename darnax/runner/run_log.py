"""The log file of a run, train.log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

from darnax.files import open_inside
from darnax.printing import printable_lines


class RunLog(logging.FileHandler):
    """Writes train.log; a log that cannot be written does not stop the run."""

    def _open(self) -> TextIOWrapper:
        # `open_inside` follows no links: a folder from elsewhere may have one in place of its log.
        path = Path(self.baseFilename)
        file = open_inside(path.parent, path.name, append=True)
        return TextIOWrapper(file, "utf-8", errors="backslashreplace")

    def format(self, record: logging.LogRecord) -> str:
        """Escape control characters, which would act on the terminal that shows the log."""
        return printable_lines(super().format(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Ignore errors: if the disk is full, writing the metrics fails and ends the run."""


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append all log records of the process to a file while the block runs."""
    handler = RunLog(path)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        with suppress(OSError):  # closing flushes, which fails where the disk is full
            handler.close()
