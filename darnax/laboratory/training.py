"""Trains and resumes runs: builds, opens the data, and only then makes a folder."""

import logging
import shlex
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.bounded_yaml import dump_plain
from darnax.laboratory.compilation_cache import keep_compiled_programs
from darnax.laboratory.data_digest import record_digest, require_same_data
from darnax.laboratory.data_filling import KEPT
from darnax.laboratory.data_opening import open_data, require_epochs, require_own_order
from darnax.laboratory.display import SILENT, Display
from darnax.laboratory.fitted_encoding import fit_encoding, with_stored_encoding
from darnax.laboratory.machine import distributed_of
from darnax.laboratory.membership import Membership
from darnax.laboratory.readout_rules import warn_of_readouts
from darnax.laboratory.unused_optimizers import explain_unused

if TYPE_CHECKING:
    from darnax.data import Dataset
    from darnax.local_data import GivenArrays
    from darnax.runner.experiment import Experiment
    from darnax.runner.run_folder import RunFolder

logger = logging.getLogger(__name__)


def train(
    config: Mapping[str, Any],
    *,
    composed: Mapping[str, Any] | None = None,
    overrides: Sequence[str],
    command: Sequence[str],
    display: Display = SILENT,
    sweep: Membership | None = None,
    given: "GivenArrays | None" = None,
) -> tuple[Path, dict[str, Any]]:
    """Train a new run; return its folder and summary. An invalid request leaves nothing behind.

    `composed` is the configuration with its references kept, for the record. `given` are arrays to
    train on, which are written into the folder.
    """
    from darnax.builder import build
    from darnax.runner import processes
    from darnax.runner.run_folder import RunFolder

    with processes.joined(distributed_of(config)):
        require_same(config)
        experiment = build(config)
        if sweep is None:  # the plan of a sweep has warned before
            for line in explain_unused(lambda: experiment, overrides):
                logger.warning("%s", line)
        if given is not None:
            experiment = with_arrays(experiment, given)
        dataset = require_own_order(open_data(experiment, display), experiment)
        require_epochs(experiment, dataset)
        experiment = fit_encoding(experiment, dataset)
        if sweep is None:
            parent, name = experiment.outputs, experiment.name
        else:
            parent, name = sweep.folder.parent, sweep.folder.name

        def make_folder() -> str:
            folder = new_folder(
                parent, name, config, composed, overrides=overrides, command=command
            )
            keep_data(folder, experiment, dataset, given)
            return str(folder.path)

        folder = RunFolder(Path(processes.from_first(make_folder)))
        return folder.path, run([(experiment, folder)], dataset, display, sweep)[0]


def require_same(config: Mapping[str, Any]) -> None:
    """Raise RequestError unless all processes of a run have the same configuration."""
    from darnax.runner import processes

    if processes.count() == 1:
        return
    # Each process has its own rank, and may have its own paths.
    runner = {**config["runner"], "distributed": None} if config.get("runner") else None
    common = {**config, "runner": runner, "paths": None}
    processes.require_same(dump_plain(common))


def keep_data(
    folder: "RunFolder", experiment: "Experiment", dataset: "Dataset", given: "GivenArrays | None"
) -> None:
    """Write arrays that were given, and the digest of data of one's own, into a new folder."""
    from darnax.errors import writing_file

    if given is not None:
        with writing_file(folder.path / KEPT, "choose another paths.outputs"):
            given.save(folder.path / KEPT)
    record_digest([folder], experiment.data, dataset)


def with_arrays(experiment: "Experiment", given: "GivenArrays") -> "Experiment":
    """Return an experiment on arrays in memory; its configuration names their file."""
    from darnax.local_data import GivenArrays

    source = GivenArrays(given.pairs, experiment.data.targets, experiment.data.class_names)
    return replace(experiment, data=experiment.data.model_copy(update={"source": source}))


def new_folder(
    parent: Path,
    name: str,
    config: Mapping[str, Any],
    composed: Mapping[str, Any] | None,
    *,
    overrides: Sequence[str],
    command: Sequence[str],
) -> "RunFolder":
    """Make the folder of a new run; its config.yaml notes what each value was computed from."""
    from darnax.composing.derivations import find_derivations
    from darnax.runner.run_folder import RunFolder

    return RunFolder.create(
        parent,
        name,
        config,
        overrides,
        composed=composed,
        computed_from=find_derivations(composed or {}),
        command=command,
    )


def resume(
    path: Path,
    *,
    trusted: Collection[str] = (),
    data: str | None = None,
    data_path: str | None = None,
    longer: str | None = None,
    distributed: Any = None,
    display: Display = SILENT,
    sweep: Membership | None = None,
) -> dict[str, Any]:
    """Resume a run from its last checkpoint, and return its summary.

    `trusted` names packages; `data` is the folder of prepared datasets, and `data_path` the path of
    one's own data, if they are others than before; `longer` is `runner.epochs=N` for more epochs,
    also of a finished run; `distributed` is the value of `runner.distributed`, which is not taken
    from the run.
    """
    from darnax.builder import build
    from darnax.composing.trust import require_granted
    from darnax.errors import RequestError
    from darnax.laboratory.lengthening import (
        advise,
        compose_longer,
        warn_of_schedules,
        write_longer,
    )
    from darnax.laboratory.machine import with_data_path, with_devices_here, with_paths_here
    from darnax.runner import processes
    from darnax.runner.run_folder import RunFolder

    folder = RunFolder.open(path)
    if longer is None and folder.summary().get("status") == "finished":
        raise RequestError(f"{path}: this run is finished; {advise(path)}")
    config = folder.config()
    require_granted(config, trusted)
    changed = None if longer is None else compose_longer(folder, longer, trusted)
    if changed is not None:
        config = changed.resolved
    here = with_paths_here(config, data, path)
    if data_path is not None:
        here = with_data_path(here, data_path)
    with processes.joined(distributed):
        require_same(here)
        experiment = with_devices_here(build(here, existing=True))
        dataset = require_own_order(open_data(experiment, display, existing=True), experiment)
        require_same_data([folder], experiment.data, dataset)
        if longer is not None and changed is not None and processes.is_first():
            warn_of_schedules(folder, changed)
            with folder.lock():
                write_longer(folder, changed, longer)
        return run([(experiment, folder)], dataset, display, sweep)[0]


def run(
    runs: "Sequence[tuple[Experiment, RunFolder]]",
    dataset: "Dataset",
    display: Display,
    sweep: Membership | None,
) -> list[dict[str, Any]]:
    """Pass one run, or several that share a program, to the runner; return the summaries."""
    from darnax.composing.trust import trust_option
    from darnax.errors import RunError
    from darnax.laboratory.trackers import open_tracker
    from darnax.runner import processes
    from darnax.runner.following_session import FollowingSession
    from darnax.runner.run_session import RunSession
    from darnax.runner.stop_signals import Interrupted
    from darnax.runner.train import train as runner_train

    keep_compiled_programs()
    warn_of_readouts(runs[0][0])
    runs = [(with_stored_encoding(each, folder, dataset), folder) for each, folder in runs]
    trust = trust_option(runs[0][0].config.get("trust", ()))
    session = RunSession if processes.is_first() else FollowingSession
    sessions = [
        session(each, folder, partial(open_tracker, each, folder, display, sweep))
        for each, folder in runs
    ]
    with ExitStack() as stack:
        if processes.is_first():
            for _, folder in runs:
                stack.enter_context(folder.lock())
        try:
            return runner_train(sessions, dataset, ends_process=display.ends_process)
        except Interrupted as stop:
            stop.resume += trust
            raise
        except RunError as error:
            path = shlex.quote(str(runs[0][1].path))
            error.add_note(f"fix that, then resume with: darnax train --resume {path}{trust}")
            raise
