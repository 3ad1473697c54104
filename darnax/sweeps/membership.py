"""A run as a point of its sweep: where its folder is made, its name on dashboards, and whether a search prunes it."""

from pathlib import Path
from typing import Any

from darnax.laboratory import membership
from darnax.sweeps.names import names
from darnax.sweeps.record import Record, overrides_of
from darnax.tracking import Tracker


class Membership(membership.Membership):
    """What the runs of a sweep take from its record."""

    def __init__(self, record: Record) -> None:
        self.record = record

    @property
    def folder(self) -> Path:
        """The folder of the sweep."""
        return self.record.folder

    @property
    def outputs(self) -> Path:
        """The folder of all experiments, wherever the sweep lies now."""
        return self.record.outputs

    def dashboard(self, run: Path) -> dict[str, Any]:
        """Name a run after what sets it apart; runs that differ in nothing but the seed are a group, and the sweep is a tag.

        A dashboard draws the mean and the spread of each group, so that the configurations of a sweep stand side by side.
        """
        point, folder = overrides_of(run), self.record.folder
        apart = names(self.record)[point]
        group = names(self.record, without=("seed",))[point] or folder.parents[1].name
        return {
            "name": apart,
            "group": f"{group} ({folder.name.rpartition('-')[2]})",
            "tags": (folder.name,),
        }

    def judge(self, tracker: Tracker, run: Path, epochs: float) -> Tracker:
        """Let the search, if the sweep is one that prunes, judge the run while it is tracked."""
        goal = self.record.goal
        if goal.pruner is None:
            return tracker
        from darnax.sweeps.search_parts import pruner_of
        from darnax.sweeps.search_study import open_study, pruning_report
        from darnax.tracking.pruning import Pruning

        study = open_study(self.record.folder, goal.direction, pruner_of(goal))
        report = pruning_report(study, overrides_of(run))
        if report is None:
            return tracker
        return Pruning(tracker, metric=goal.metric, epochs=epochs, hopeless=report)
