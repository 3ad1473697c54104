"""The exception of a run or sweep that a signal stopped, after everything was saved."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from darnax.errors import message_text
from darnax.runner import stop_signals


class Interrupted(KeyboardInterrupt):
    """Training was stopped by Ctrl-C or another signal, and can be resumed.

    It is a `KeyboardInterrupt`: `except Exception` does not catch it, and a notebook stops.

    Args:
        message: what was saved, and how to resume.
        folder: of the run or the sweep.

    Example:
        >>> stop = Interrupted("a checkpoint was saved", Path("outputs/mnist_chain/first"))
        >>> isinstance(stop, KeyboardInterrupt), stop.folder.name
        (True, 'first')
    """

    def __init__(self, message: str, folder: Path) -> None:
        super().__init__(message_text(message))
        self.folder = folder


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn an interruption of training in the block into `Interrupted`.

    Raises:
        Interrupted: a signal stopped the training.
    """
    try:
        yield
    except stop_signals.Interrupted as stop:
        how = f"; resume with darnax.load({str(stop.folder)!r}).resume()" if stop.resume else ""
        raise Interrupted(f"{stop}{how}", stop.folder) from None
