"""The trackers of a run: its metrics file, dashboards, and what is shown of its progress."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from darnax.laboratory.display import Display
from darnax.laboratory.membership import Membership

if TYPE_CHECKING:
    from darnax.runner.experiment import Experiment
    from darnax.runner.lane import Progress
    from darnax.runner.run_folder import RunFolder
    from darnax.tracking import Tracker


def open_tracker(
    experiment: "Experiment",
    folder: "RunFolder",
    display: Display,
    sweep: Membership | None,
    progress: "Progress",
) -> "Tracker":
    """Open every tracker of a run as one; the progress of a sweep's runs is not shown run by run."""
    from darnax.tracking import Composite
    from darnax.tracking.jsonl import Jsonl
    from darnax.tracking.since import SkipReplayed

    display.log_opened()
    epochs = experiment.runner.epochs
    record = Jsonl(folder.metrics, keep_until=progress.step)
    shown = dashboards(experiment, folder, sweep, resumed=record.last_reported >= 0)
    trackers: list[Tracker] = [
        record,
        *(SkipReplayed(each, record.last_reported) for each in shown),
    ]
    if experiment.tracking.console and display.console is not None:
        console = display.console(
            progress.total, progress.step, epochs=epochs, name=experiment.name, folder=folder.path
        )
        trackers.append(console)
    tracker = Composite(trackers)
    return tracker if sweep is None else sweep.judge(tracker, folder.path, epochs)


def dashboards(
    experiment: "Experiment", folder: "RunFolder", sweep: Membership | None, *, resumed: bool
) -> "list[Tracker]":
    """Open the dashboards that are asked for; a run of a sweep is named there after what sets it apart."""
    from darnax.tracking.trackio import Trackio
    from darnax.tracking.wandb import WandB

    choice, local = experiment.tracking.wandb, experiment.tracking.trackio
    if choice is not None and choice.mode == "disabled":
        choice = None
    if choice is None and local is None:
        return []
    ours = (
        {"group": experiment.name, "name": folder.name}
        if sweep is None
        else sweep.dashboard(folder.path)
    )
    # A record may come from anywhere, or have moved: what its runs write lies beside it.
    outputs = experiment.outputs if sweep is None else sweep.outputs
    found: list[Tracker] = []
    if choice is not None:
        asked = {name: value for name, value in asdict(choice).items() if value is not None}
        named = {**ours, **asked, "tags": (*ours.get("tags", ()), *choice.tags)}
        found.append(
            WandB(outputs, run_id=folder.name, config=experiment.config, resume=resumed, **named)
        )
    if local is not None:
        shown = {"project": local.project, "group": local.group or ours["group"]}
        found.append(
            Trackio(outputs, run_id=folder.name, config=experiment.config, resume=resumed, **shown)
        )
    return found
