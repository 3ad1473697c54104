"""From a configuration, or from the folder of a run, to the runner: builds, opens the data, and only then makes a folder."""

import os
import shlex
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.cli.data_opening import open_data, ordered_by_each_seed, require_epochs

if TYPE_CHECKING:
    from darnax.analysis.subject import Subject
    from darnax.cli.sweep_record import Point, Record
    from darnax.data import Dataset
    from darnax.runner.evaluate import Evaluation
    from darnax.runner.experiment import Experiment
    from darnax.runner.lane import Progress
    from darnax.runner.programs import Programs
    from darnax.runner.run_folder import RunFolder
    from darnax.tracking import Tracker

CHOSEN_BY_TEST = "best.safetensors was chosen by the test images, as in earlier versions; the last network is used instead"


def train(
    config: Mapping[str, Any],
    *,
    composed: Mapping[str, Any] | None = None,
    overrides: Sequence[str],
    command: Sequence[str],
    sweep: "Record | None" = None,
) -> dict[str, Any]:
    """Train a new run and return its summary; nothing is left behind when the request was wrong.

    `composed` is the configuration with its references kept, for the record.
    """
    from darnax.builder import build

    experiment = build(config)
    dataset = ordered_by_each_seed(open_data(experiment, quiet=sweep is not None), experiment)
    require_epochs(experiment, dataset)
    place, name = (experiment.outputs, experiment.name) if sweep is None else (sweep.folder.parent, sweep.folder.name)
    folder = new_folder(place, name, config, composed, overrides=overrides, command=command)
    return run([(experiment, folder)], dataset, sweep)[0]


def new_folder(
    place: Path,
    name: str,
    config: Mapping[str, Any],
    composed: Mapping[str, Any] | None,
    *,
    overrides: Sequence[str],
    command: Sequence[str],
) -> "RunFolder":
    """Make the folder of a new run, whose config.yaml says what each value was made of."""
    from darnax.cli.derivations import derivations
    from darnax.runner.run_folder import RunFolder

    return RunFolder.create(
        place,
        name,
        config,
        overrides,
        composed=composed,
        computed_from=derivations(composed or {}),
        command=command,
    )


def train_together(
    experiments: "Sequence[Experiment]",
    *,
    points: "Sequence[Point]",
    command: Sequence[str],
    sweep: "Record",
) -> None:
    """Train runs of a sweep, which differ in numbers and seeds alone and stand at the same step, as one program.

    `points` are those of the experiments, as they are for this machine.

    Raises:
        RequestError: they would not read the same examples in the same order.
    """
    from darnax.data import Streamed
    from darnax.errors import Problem, RequestError
    from darnax.runner.run_folder import RunFolder

    dataset = open_data(experiments[0], quiet=True)
    if isinstance(dataset.train, Streamed) and len({each.seed for each in experiments}) > 1:
        raise RequestError(Problem("data.memory_gib", "every seed reads data that are larger in an order of its own"))
    for each in experiments:
        require_epochs(each, dataset)
    begun, place, name = sweep.runs(), sweep.folder.parent, sweep.folder.name
    runs = []
    for each, point in zip(experiments, points, strict=True):
        if point.overrides in begun:
            folder = RunFolder.open(begun[point.overrides])
        else:
            new = {"overrides": point.overrides, "command": command}
            folder = new_folder(place, name, each.config, point.composed, **new)
        runs.append((each, folder))
    run(runs, dataset, sweep)


def resume(path: Path, sweep: "Record | None" = None, trusted: Collection[str] = (), data: str | None = None) -> dict[str, Any]:
    """Go on with an interrupted run, from its last checkpoint, and return its summary.

    `trusted` names packages, `data` the folder of prepared datasets where it is another one than before.
    """
    from darnax.builder import build
    from darnax.cli.moved import with_devices_here, with_paths_here
    from darnax.cli.panels import aloud
    from darnax.cli.trust import require_granted
    from darnax.errors import RequestError
    from darnax.runner.run_folder import RunFolder

    folder = RunFolder.open(path)
    if folder.summary().get("status") == "finished":
        file = shlex.quote(str(path / "config.yaml"))
        raise RequestError(f"{path}: this run is finished; train longer with --config {file} runner.epochs=...")
    config = folder.config()
    require_granted(config, trusted)
    with nullcontext() if sweep else aloud():
        experiment = with_devices_here(build(with_paths_here(config, data), existing=True))
    dataset = ordered_by_each_seed(open_data(experiment, quiet=sweep is not None), experiment)
    return run([(experiment, folder)], dataset, sweep)[0]


def evaluate(path: Path, overrides: Sequence[str]) -> "tuple[str, Evaluation]":
    """Return how the network of a run does on the test split, and of which checkpoint it is; overrides may change the data."""
    from darnax.runner.best import chosen_by_test
    from darnax.runner.evaluate import evaluate as measure
    from darnax.runner.trained import load_learner

    experiment, dataset, folder, programs = reopen(path, overrides, "eval")
    trained = load_learner(programs, folder, best=not chosen_by_test(folder, experiment.data, dataset))
    return trained.describe(), measure(programs, trained.learner.arrays, dataset.test, dataset.class_names)


def analyse(path: Path, overrides: Sequence[str], examples: int) -> "Subject":
    """Return a run as the measures look at it, with so many test examples; overrides may change the data."""
    from darnax.analysis.subject import Subject

    experiment, dataset, folder, programs = reopen(path, overrides, "analyse")
    return Subject(experiment, dataset, folder, programs, examples)


def reopen(path: Path, overrides: Sequence[str], asked_by: str) -> "tuple[Experiment, Dataset, RunFolder, Programs]":
    """Return a run with its data and its programs, for a command that looks at it; overrides may change the data."""
    from darnax.builder import build
    from darnax.cli.hydra_adapter import compose
    from darnax.cli.moved import DATA, chosen_data, with_paths_here
    from darnax.cli.panels import aloud
    from darnax.cli.tables import echo
    from darnax.errors import RequestError
    from darnax.runner.best import chosen_by_test
    from darnax.runner.programs import Programs
    from darnax.runner.run_folder import RunFolder
    from darnax.runner.train import steps_of

    changes = [word for word in overrides if not word.startswith(f"{DATA}=")]
    if strangers := [o for o in changes if not o.lstrip("+~").startswith(("data.", "data=", "trust="))]:
        what = f"{' '.join(strangers)}: `{asked_by}` changes the data only; every override starts with data. or {DATA}="
        raise RequestError(what)
    folder = RunFolder.open(path)
    keep_compiled_programs()
    with aloud():
        config = with_paths_here(compose(changes, folder.path / "config.yaml"), chosen_data(overrides))
        experiment = on_one_device(build(config, existing=True))
    dataset = open_data(experiment, trains=False)
    if (folder.checkpoints / "best.safetensors").is_file() and chosen_by_test(folder, experiment.data, dataset):
        echo(f"{folder.path}: {CHOSEN_BY_TEST}", error=True)
    steps = max(1, steps_of(dataset, experiment.data.batch_size, None))  # no step is taken, of however few examples
    return experiment, dataset, folder, Programs([experiment], steps)


def on_one_device(experiment: "Experiment") -> "Experiment":
    """Return the experiment for any machine, whatever it was trained on."""
    from dataclasses import replace

    return replace(experiment, runner=replace(experiment.runner, devices=1))


def run(runs: "Sequence[tuple[Experiment, RunFolder]]", dataset: "Dataset", sweep: "Record | None") -> list[dict[str, Any]]:
    """Hand everything to the runner."""
    from darnax.cli import streams
    from darnax.cli.panels import aloud
    from darnax.cli.trust import repeated
    from darnax.errors import RunError
    from darnax.runner.interrupts import Interrupted
    from darnax.runner.lane import Lane
    from darnax.runner.train import train as runner_train

    keep_compiled_programs()
    trust = repeated(runs[0][0].config.get("trust", ()))
    lanes = [Lane(each, folder, partial(open_tracker, each, folder, sweep)) for each, folder in runs]
    with ExitStack() as stack:
        for _, folder in runs:
            stack.enter_context(folder.held())
        if sweep is None:
            stack.enter_context(aloud())
        try:
            return runner_train(lanes, dataset, ends_process=sweep is None and streams.installed())
        except Interrupted as stop:
            stop.resume += trust
            raise
        except RunError as error:
            error.add_note(f"mend that, then go on with: darnax train --resume {shlex.quote(str(runs[0][1].path))}{trust}")
            raise


def keep_compiled_programs() -> None:
    """Let JAX keep what it compiles in the user's cache folder, unless told otherwise, so that the next run starts at once."""
    import jax

    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(own_cache()))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def own_cache() -> Path:
    """Return the folder in which JAX keeps what it compiles for darnax."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "darnax" / "jax"


def open_tracker(experiment: "Experiment", folder: "RunFolder", sweep: "Record | None", progress: "Progress") -> "Tracker":
    """Open everything that is told about the run; of a sweep, the screen shows all runs together instead."""
    from darnax.cli import streams
    from darnax.cli.sweep_tracking import judged
    from darnax.tracking import Composite
    from darnax.tracking.console import Console
    from darnax.tracking.jsonl import Jsonl
    from darnax.tracking.since import Since

    streams.report_lost()  # train.log was opened just now
    epochs = experiment.runner.epochs
    record = Jsonl(folder.metrics, keep_until=progress.step)
    shown = dashboards(experiment, folder, sweep, resumed=record.told >= 0)
    trackers: list[Tracker] = [record, *(Since(each, record.told) for each in shown)]
    if experiment.tracking.console and sweep is None:
        trackers.append(Console(progress.total, progress.step, epochs=epochs, name=experiment.name, folder=folder.path))
    tracker = Composite(trackers)
    return tracker if sweep is None else judged(tracker, sweep, folder.path, epochs)


def dashboards(experiment: "Experiment", folder: "RunFolder", sweep: "Record | None", *, resumed: bool) -> "list[Tracker]":
    """Open the dashboards that are asked for; a run of a sweep is named there after what sets it apart."""
    from dataclasses import asdict

    from darnax.cli.sweep_tracking import dashboard
    from darnax.tracking.trackio import Trackio
    from darnax.tracking.wandb import WandB

    choice, local = experiment.tracking.wandb, experiment.tracking.trackio
    if choice is not None and choice.mode == "disabled":
        choice = None
    if choice is None and local is None:
        return []
    ours = {"group": experiment.name, "name": folder.name} if sweep is None else dashboard(sweep, folder.path)
    # A record may come from anywhere, or have moved: what its runs write lies beside it.
    outputs = experiment.outputs if sweep is None else sweep.outputs
    found: list[Tracker] = []
    if choice is not None:
        asked = {name: value for name, value in asdict(choice).items() if value is not None}
        named = {**ours, **asked, "tags": (*ours.get("tags", ()), *choice.tags)}
        found.append(WandB(outputs, run_id=folder.name, config=experiment.config, resume=resumed, **named))
    if local is not None:
        shown = {"project": local.project, "group": local.group or ours["group"]}
        found.append(Trackio(outputs, run_id=folder.name, config=experiment.config, resume=resumed, **shown))
    return found
