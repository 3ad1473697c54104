"""Keeps errors of dashboards away from the training."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from darnax.errors import first_line
from darnax.printing import printable
from darnax.tracking.interface import Tracker

logger = logging.getLogger(__name__)


class Guarded(Tracker):
    """A tracker that is switched off at its first error, with one warning.

    A dashboard only displays a run, whose metrics are complete in metrics.jsonl without it.

    Args:
        name: of the tracker, for the warning.
        open_tracker: makes it.
    """

    def __init__(self, name: str, open_tracker: Callable[[], Any]) -> None:
        self.name = name
        self.tracker: Tracker | None = None
        with self._guarded():
            tracker = open_tracker()
            if not isinstance(tracker, Tracker):
                raise TypeError(f"got a {type(tracker).__name__}, expected a Tracker")
            self.tracker = tracker

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Pass a row on."""
        if self.tracker is not None:
            with self._guarded():
                # A copy: other trackers get the same row.
                self.tracker.log(dict(metrics), step=step, epoch=epoch)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Pass the summary on."""
        if self.tracker is not None:
            with self._guarded():
                self.tracker.finish(deepcopy(dict(summary)))
        self.tracker = None

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (Exception, SystemExit) as error:  # code of other packages may raise anything
            self.tracker = None
            logger.warning(
                "%s is off for the rest of this run (%s); metrics.jsonl is complete without it",
                printable(self.name),
                printable(first_line(error)),
            )
