"""Dashboards are views of a run: whatever goes wrong with one ends the view, never the training."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from darnax.errors import first_line

logger = logging.getLogger(__name__)


@contextmanager
def guarded(name: str, switch_off: Callable[[], None]) -> Iterator[None]:
    """Turn an error of the dashboard `name` into one warning in the log, and switch it off."""
    try:
        yield
    except Exception as error:  # whatever a dashboard raises, training is worth more
        switch_off()
        reason = first_line(error)
        logger.warning(
            "%s is off for the rest of this run (%s); metrics.jsonl is complete without it",
            name,
            reason,
        )
