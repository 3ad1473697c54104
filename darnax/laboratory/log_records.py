"""Log records may contain text of any origin: escapes what would control a terminal."""

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


def install() -> None:
    """Make all log records of this process printable."""
    logging.setLogRecordFactory(PrintableRecord)
