"""A page of runs in progress: it is written again whenever a run has logged something."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from darnax.api.comparison import Comparison, compare_found
from darnax.errors import RequestError
from darnax.reports import runs
from darnax.reports.records import describe_state
from darnax.reports.runs import Run

EVERY = 5.0  # seconds between two looks at the runs; an open page reloads itself as often
PATIENCE = 30.0  # seconds without a run in progress after which a page is complete
FILES = ("summary.json", "metrics.jsonl", "config.yaml")

State = list[tuple[Path, str, list[list[int]]]]


def follow_page(
    folders: Sequence[Path],
    path: Path,
    report: Callable[[str], object],
    *,
    every: float = EVERY,
    patience: float = PATIENCE,
    **how: Any,
) -> Comparison:
    """Write the page of a comparison while runs go on, and at last one that does not reload itself.

    Args:
        folders: of runs and sweeps; there need not be any run yet.
        path: of the page.
        report: is called with a sentence when something begins or ends.
        every: seconds between two looks.
        patience: seconds without a run in progress after which this returns; a sweep has no run in
            progress between two points.
        how: as `compare` takes it.

    Raises:
        RequestError: as `compare` does, and if the page cannot be written.
        KeyboardInterrupt: of the caller; the page is complete then as well.
    """
    follower = Follower(folders, path, how)
    if not follower.look(every):
        report("waiting for a run in " + ", ".join(map(str, folders)))
    while not follower.look(every):
        time.sleep(every)
    report(f"following: open {path} in a browser; Ctrl-C ends this")
    last_running = time.monotonic()
    try:
        while time.monotonic() - last_running < patience:
            time.sleep(every)
            follower.look(every)
            if follower.is_running:
                last_running = time.monotonic()
    finally:
        follower.look(0)
    return follower.compare()


class Follower:
    """Writes the page of some folders when their runs have changed."""

    def __init__(self, folders: Sequence[Path], path: Path, how: Mapping[str, Any]) -> None:
        self.folders, self.path, self.how = folders, path, how
        self.found: list[Run] = []
        self.written: State = []  # the state of the runs as the page shows them

    @property
    def is_running(self) -> bool:
        """Whether a run was in progress at the last look."""
        return any(run.status == "running" for run in self.found)

    def look(self, reload: float) -> bool:
        """Write the page if there is anything new on it; return whether there is any run.

        The page reloads itself after so many seconds. Without, it is written in any case.
        """
        try:
            self.found = runs.find(self.folders)
        except RequestError:  # there is no run yet, or none any more
            return bool(self.found)
        state = [describe(run) for run in self.found]
        if state != self.written or not reload:
            self.compare().write_page(self.path, reload)
            self.written = state
        return True

    def compare(self) -> Comparison:
        """Compare the runs that were found."""
        return compare_found(self.found, **self.how)


def describe(run: Run) -> tuple[Path, str, list[list[int]]]:
    """Return what changes whenever a run has logged something."""
    return run.path, run.status, [describe_state(run.path / name) for name in FILES]
