"""What anything logs may hold words that come from anywhere: they command no terminal, nor later, when a log is shown."""

import logging
import traceback
from typing import Any

from darnax.printing import printable_lines


class PrintableRecord(logging.LogRecord):
    """A record whose message and traceback are lines that a terminal shows, whichever handler writes them.

    Libraries set up handlers of their own, and Python has one for who sets up none: these write to the terminal as it comes.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0] is not None:
            self.exc_text = printable_lines(
                "".join(traceback.format_exception(*self.exc_info)).rstrip("\n")
            )

    def getMessage(self) -> str:  # noqa: N802
        """Return the message."""
        return printable_lines(super().getMessage())


def install() -> None:
    """Make every record of this process a printable one."""
    logging.setLogRecordFactory(PrintableRecord)
