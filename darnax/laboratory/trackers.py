"""Opens the trackers of a run: its metrics file, dashboards, and the display of its progress."""

from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.laboratory.display import Display
from darnax.laboratory.membership import Membership

if TYPE_CHECKING:
    from darnax.runner.experiment import Experiment
    from darnax.runner.progress import Progress
    from darnax.runner.run_folder import RunFolder
    from darnax.tracking import TrackedRun, Tracker


def open_tracker(
    experiment: "Experiment",
    folder: "RunFolder",
    display: Display,
    sweep: Membership | None,
    progress: "Progress",
) -> "Tracker":
    """Open all trackers of a run as one; a sweep shows no progress of single runs."""
    from darnax.runner.devices import describe_devices
    from darnax.tracking import Composite
    from darnax.tracking.jsonl import Jsonl
    from darnax.tracking.skip_replayed import SkipReplayed

    display.log_opened()
    epochs = experiment.runner.epochs
    record = Jsonl(folder.metrics, keep_until=progress.step)
    opened = open_dashboards(experiment, folder, sweep, resumed=record.last_reported >= 0)
    trackers: list[Tracker] = [record]
    # A resumed run repeats the steps after its checkpoint; dashboards have their metrics already.
    trackers += [SkipReplayed(each, record.last_reported) for each in opened]
    if experiment.tracking.console is not None and display.console is not None:
        console = display.console(
            progress.total,
            progress.step,
            epochs=epochs,
            name=experiment.name,
            folder=folder.path,
            show=tuple(experiment.tracking.show),
            device=describe_devices(experiment.runner.devices),
        )
        trackers.append(console)
    tracker = Composite(trackers)
    return tracker if sweep is None else sweep.judge(tracker, folder.path, epochs)


def open_dashboards(
    experiment: "Experiment", folder: "RunFolder", sweep: Membership | None, *, resumed: bool
) -> "list[Tracker]":
    """Open the trackers that the configuration names."""
    from darnax.tracking import SHIPPED
    from darnax.tracking.guarded import Guarded

    trackers = experiment.tracking.trackers
    if not trackers:  # the names of a sweep's runs take time
        return []
    run = tracked_run(experiment, folder, sweep, resumed=resumed)
    guarded: list[Tracker] = []
    for name, make in trackers.items():
        # For warnings; a tracker of another package goes by its name in the configuration.
        title = SHIPPED[name].title if name in SHIPPED else f"tracking.{name}"
        guarded.append(Guarded(title, partial(make, run=run)))
    return guarded


def outputs_of(run: Path, recorded: Path) -> Path:
    """Return the folder of all runs, in which trackers write files that several runs share.

    A run folder may come from anywhere, and its configuration names any folder: the recorded one
    counts only if the run is where darnax made it. Otherwise files are written beside the run.
    """
    where_made = run.resolve().parent.parent
    return recorded if recorded.resolve() == where_made else run.parent


def tracked_run(
    experiment: "Experiment", folder: "RunFolder", sweep: Membership | None, *, resumed: bool
) -> "TrackedRun":
    """Return what trackers get of a run; in a sweep it is named after what sets it apart."""
    from darnax.tracking import TrackedRun

    labels: dict[str, Any] = {"name": folder.name, "group": experiment.name}
    outputs = outputs_of(folder.path, experiment.outputs)
    if sweep is not None:
        labels = sweep.dashboard(folder.path)
        # A sweep may have moved: what trackers of its runs write lies beside it.
        outputs = sweep.outputs
    return TrackedRun(
        id=folder.name,
        folder=folder.path,
        outputs=outputs,
        config=deepcopy(dict(experiment.config)),
        resumed=resumed,
        **labels,
    )
