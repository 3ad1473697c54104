"""What a sweep provides to a run that is one of its points."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from darnax.tracking import Tracker


class Membership(ABC):
    """A run as a point of a sweep."""

    @property
    @abstractmethod
    def folder(self) -> Path:
        """The folder of the sweep, in which the folders of its runs are made."""

    @property
    @abstractmethod
    def outputs(self) -> Path:
        """The folder of all experiments, in which dashboards keep their files."""

    @abstractmethod
    def dashboard(self, run: Path) -> dict[str, Any]:
        """Return the name, the group and the tags of a run on a dashboard."""

    @abstractmethod
    def judge(self, tracker: "Tracker", run: Path, epochs: float) -> "Tracker":
        """Return the tracker, or one that also prunes the run if the search says so."""
