"""Examples of which none is trained on: those on which a trained network is evaluated."""

from dataclasses import replace
from pathlib import Path

from darnax.data.progress import Progress, silent
from darnax.local_data.examples import Examples, LocalSource


class ForEvaluation(LocalSource):
    """The examples of another source; without a test split, all those of train are one.

    Args:
        source: of the examples.

    Attributes:
        tests_all: whether the source, once read, had no test split.
    """

    def __init__(self, source: LocalSource) -> None:
        self.source = source
        self.tests_all = False

    def prepare(self, directory: Path, progress: Progress = silent) -> None:
        self.source.prepare(directory, progress)

    def read(self, directory: Path, progress: Progress = silent) -> Examples:
        found = self.source.read(directory, progress)
        self.tests_all = "test" not in found.splits
        if not self.tests_all:
            return found
        return replace(found, splits={**found.splits, "test": found.splits["train"]})
