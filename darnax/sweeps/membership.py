"""A run as a point of its sweep: its folder, its name on dashboards, and its pruning."""

from pathlib import Path
from typing import Any

from darnax.laboratory import membership
from darnax.sweeps.names import name_points
from darnax.sweeps.record import Record, overrides_of
from darnax.tracking import Tracker


class Membership(membership.Membership):
    """What the record of a sweep provides to its runs."""

    def __init__(self, record: Record) -> None:
        self.record = record

    @property
    def folder(self) -> Path:
        """The folder of the sweep."""
        return self.record.folder

    @property
    def outputs(self) -> Path:
        """The folder of all experiments, wherever the sweep is now."""
        return self.record.outputs

    def dashboard(self, run: Path) -> dict[str, Any]:
        """Return the name, the group and the tags of a run on a dashboard.

        The name consists of the overrides that differ between points. Runs that differ in the seed
        alone form a group, of which a dashboard draws mean and spread; the sweep is a tag.
        """
        point, folder = overrides_of(run), self.record.folder
        name = name_points(self.record)[point]
        group = name_points(self.record, without=("seed",))[point] or folder.parents[1].name
        sweep_id = folder.name.rpartition("-")[2]
        return {"name": name, "group": f"{group} ({sweep_id})", "tags": (folder.name,)}

    def judge(self, tracker: Tracker, run: Path, epochs: float) -> Tracker:
        """Return a tracker that also reports to the search, if the search prunes runs."""
        goal = self.record.goal
        if goal.pruner is None:
            return tracker
        from darnax.sweeps.search_parts import make_pruner
        from darnax.sweeps.search_study import open_study, pruning_report
        from darnax.tracking.pruning import Pruning

        study = open_study(self.record.folder, goal.direction, make_pruner(goal))
        report = pruning_report(study, overrides_of(run))
        if report is None:
            return tracker
        return Pruning(tracker, metric=goal.metric, epochs=epochs, should_stop=report)
