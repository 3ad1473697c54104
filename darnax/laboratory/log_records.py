"""Log records of this process: which of them the terminal shows, without control characters."""

import logging
import traceback
from typing import Any

from darnax.printing import printable_lines


class PrintableRecord(logging.LogRecord):
    """A record whose message and traceback are printable, whichever handler writes them.

    Libraries install handlers of their own, and Python has a default one; these write a message to
    the terminal as it is.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0] is not None:
            text = "".join(traceback.format_exception(*self.exc_info)).rstrip("\n")
            self.exc_text = printable_lines(text)

    def getMessage(self) -> str:  # noqa: N802
        """Return the message."""
        return printable_lines(super().getMessage())


class LibraryRecords(logging.Handler):
    """Shows warnings of libraries on stderr, as Python does for a process without any handler.

    Where the root logger has no handler, `absl.logging` and `logging.warning` add one, which prints
    every record: those of darnax, which the command shows itself, would be printed twice, and the
    traceback of a failure before its panel. This handler is in its place.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, unless darnax shows it, or a log has it."""
        is_of_darnax = record.name.partition(".")[0] == "darnax"
        if not is_of_darnax and not has_log() and logging.lastResort is not None:
            logging.lastResort.emit(record)


def has_log() -> bool:
    """Return whether there is a log for the records of all loggers."""
    return not all(isinstance(handler, LibraryRecords) for handler in logging.root.handlers)


def install() -> None:
    """Make all log records of this process printable, and show each of them once."""
    logging.setLogRecordFactory(PrintableRecord)
    logging.root.addHandler(LibraryRecords(logging.WARNING))
