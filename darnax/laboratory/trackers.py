"""Opens the trackers of a run: its metrics file, dashboards, and the display of its progress."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

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
    """Open all trackers of a run as one; a sweep shows no progress of single runs."""
    from darnax.tracking import Composite
    from darnax.tracking.jsonl import Jsonl
    from darnax.tracking.since import SkipReplayed

    display.log_opened()
    epochs = experiment.runner.epochs
    record = Jsonl(folder.metrics, keep_until=progress.step)
    opened = open_dashboards(experiment, folder, sweep, resumed=record.last_reported >= 0)
    trackers: list[Tracker] = [record]
    # A resumed run repeats the steps after its checkpoint; dashboards have their metrics already.
    trackers += [SkipReplayed(each, record.last_reported) for each in opened]
    if experiment.tracking.console and display.console is not None:
        console = display.console(
            progress.total, progress.step, epochs=epochs, name=experiment.name, folder=folder.path
        )
        trackers.append(console)
    tracker = Composite(trackers)
    return tracker if sweep is None else sweep.judge(tracker, folder.path, epochs)


def open_dashboards(
    experiment: "Experiment", folder: "RunFolder", sweep: Membership | None, *, resumed: bool
) -> "list[Tracker]":
    """Open the configured dashboards; a run of a sweep is named by what distinguishes it."""
    from darnax.tracking.trackio import Trackio
    from darnax.tracking.wandb import WandB

    wandb, trackio = experiment.tracking.wandb, experiment.tracking.trackio
    if wandb is not None and wandb.mode == "disabled":
        wandb = None
    if wandb is None and trackio is None:
        return []
    if sweep is None:
        outputs = experiment.outputs
        names: dict[str, Any] = {"group": experiment.name, "name": folder.name}
    else:
        # The sweep may have been moved: its runs write beside it, whatever its record says.
        outputs = sweep.outputs
        names = sweep.dashboard(folder.path)
    config, name = experiment.config, folder.name
    opened: list[Tracker] = []
    if wandb is not None:
        given = {key: value for key, value in asdict(wandb).items() if value is not None}
        options = {**names, **given, "tags": (*names.get("tags", ()), *wandb.tags)}
        opened.append(WandB(outputs, run_id=name, config=config, resume=resumed, **options))
    if trackio is not None:
        options = {"project": trackio.project, "group": trackio.group or names["group"]}
        opened.append(Trackio(outputs, run_id=name, config=config, resume=resumed, **options))
    return opened
