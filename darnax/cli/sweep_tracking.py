"""What a run of a sweep tells besides what every run tells: what sets it apart, and to a search whether it is worth it."""

from pathlib import Path
from typing import Any

from darnax.cli.sweep_names import names
from darnax.cli.sweep_record import Record, overrides_of
from darnax.tracking import Tracker


def dashboard(sweep: Record, run: Path) -> dict[str, Any]:
    """Name a run after what sets it apart; runs that differ in nothing but the seed are a group, and the sweep is a tag.

    A dashboard draws the mean and the spread of each group, so that the configurations of a sweep stand side by side.
    """
    point, folder = overrides_of(run), sweep.folder
    apart = names(sweep)[point]
    group = names(sweep, without=("seed",))[point] or folder.parents[1].name
    return {"name": apart, "group": f"{group} ({folder.name.rpartition('-')[2]})", "tags": (folder.name,)}


def judged(tracker: Tracker, sweep: Record, run: Path, epochs: float) -> Tracker:
    """Let the search, if the sweep is one that prunes, judge the run while it is tracked."""
    goal = sweep.goal
    if goal.pruner is None:
        return tracker
    from darnax.cli.search_parts import pruner_of
    from darnax.cli.search_study import hopeless, open_study
    from darnax.tracking.pruning import Pruning

    study = open_study(sweep.folder, goal.direction, pruner_of(goal))
    report = hopeless(study, overrides_of(run))
    if report is None:
        return tracker
    return Pruning(tracker, metric=goal.metric, epochs=epochs, hopeless=report)
