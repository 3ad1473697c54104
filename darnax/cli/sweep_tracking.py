"""What a run of a sweep tells besides what every run tells: what sets it apart, and to a search whether it is worth it."""

from pathlib import Path
from typing import Any

from darnax.cli.sweep_names import names
from darnax.cli.sweep_record import Record, overrides_of
from darnax.tracking import Tracker


def dashboard(sweep: Path, run: Path) -> dict[str, Any]:
    """Name a run after what sets it apart; runs that differ in nothing but the seed are a group, and the sweep is a tag.

    A dashboard draws the mean and the spread of each group, so that the configurations of a sweep stand side by side.
    """
    record, point = Record.read(sweep), overrides_of(run)
    apart = names(record)[point]
    group = names(record, without=("seed",))[point] or record.folder.parents[1].name
    return {"name": apart, "group": f"{group} ({sweep.name.rpartition('-')[2]})", "tags": (sweep.name,)}


def judged(tracker: Tracker, sweep: Path, run: Path, epochs: float) -> Tracker:
    """Let the search, if the sweep is one that prunes, judge the run while it is tracked."""
    record = Record.read(sweep)
    if record.goal.pruner is None:
        return tracker
    from darnax.cli.search import pruner_of
    from darnax.cli.search_study import hopeless, open_study
    from darnax.tracking.pruning import Pruning

    study = open_study(sweep, record.goal.direction, pruner_of(record.goal))
    report = hopeless(study, overrides_of(run))
    if report is None:
        return tracker
    return Pruning(tracker, run / "summary.json", metric=record.goal.metric, epochs=epochs, hopeless=report)
