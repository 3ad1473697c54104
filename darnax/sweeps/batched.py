"""Batches points of a sweep that differ in numbers and seeds alone into one program."""

import json
import logging
import os
from collections import defaultdict
from collections.abc import Hashable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from darnax.errors import Problem, RequestError, one_line
from darnax.locks import file_lock
from darnax.sweeps.membership import Membership
from darnax.sweeps.moved_points import keep_paths
from darnax.sweeps.point import Here, Point
from darnax.sweeps.record import PATIENCE, Record, append_note, read_notes
from darnax.sweeps.survey import is_done
from darnax.sweeps.workers import stop_watcher

if TYPE_CHECKING:
    from darnax.runner.experiment import Experiment

Group = Sequence[tuple[Point, "Experiment"]]


def run_batched(
    folder: Path, lanes: int, points: list[Point], *, here: Here = keep_paths
) -> list[Point]:
    """Run points that can share a program, at most `lanes` at once; return the other points."""
    if lanes == 1 or len(points) < 2:
        return points
    record, done = Record.read(folder), set()
    for group in batched_groups(record, points, lanes, here):
        if run_group(record, group, here):
            done |= {point.identity for point, _ in group}
    return [point for point in points if point.identity not in done]


def batched_groups(
    record: Record, points: list[Point], lanes: int, here: Here = keep_paths
) -> list[Group]:
    """Return groups of two or more points that share a program and resume from the same step."""
    from darnax.builder import build

    if record.goal.pruner is not None:  # a run of a group cannot be pruned before the others end
        return []
    alike: dict[Hashable, list[tuple[Point, Experiment]]] = defaultdict(list)
    first_steps = find_first_steps(record, points)
    for point in points:
        if point.identity not in first_steps:
            continue
        with suppress(Exception):  # a point that cannot be built reports it when it runs alone
            experiment = build(here(point).config or {})
            if can_be_batched(experiment):
                key = first_steps[point.identity], program_structure(experiment)
                alike[key].append((point, experiment))
    groups = []
    for members in alike.values():
        for first in range(0, len(members), lanes):
            groups.append(members[first : first + lanes])
    return [group for group in groups if len(group) > 1]


def find_first_steps(record: Record, points: Sequence[Point]) -> dict[str, int]:
    """Map the identity of each open point to the step that it continues from."""
    from darnax.runner import checkpoint
    from darnax.runner.manifest import RunMeta

    runs, found = record.runs(), {}
    for point in points:
        run = runs.get(point.overrides)
        has_failed = any(read_notes(record.note(point)))
        if has_failed or (run and is_done(run)):
            continue
        last = run and checkpoint.find_latest(run / "checkpoints", RunMeta)
        found[point.identity] = checkpoint.parse_step(last) if last else 0
    return found


def same_step(record: Record, points: Sequence[Point]) -> bool:
    """Return whether all points are open and continue from the same step."""
    first_steps = find_first_steps(record, points)
    return len(first_steps) == len(points) and len(set(first_steps.values())) == 1


def can_be_batched(experiment: "Experiment") -> bool:
    """Return whether a run can be batched: one network, and trackers that can run side by side."""
    return experiment.runner.replicas == 1 and experiment.tracking.concurrent


def program_structure(experiment: "Experiment") -> Hashable:
    """Return what runs that share a program have in common: its structure and its data."""
    import jax

    from darnax.runner.devices import make_mesh
    from darnax.runner.train_program import TrainProgram

    config = experiment.config
    leaves, structure = jax.tree.flatten(
        TrainProgram(experiment, 0, make_mesh(experiment), is_stacked=True)
    )
    # The stages are part of the structure, and their numbers may differ.
    data = {name: v for name, v in config["data"].items() if name not in ("encode", "disturb")}
    same = json.dumps([data, config["runner"], str(experiment.data.directory)], sort_keys=True)
    return same, structure, tuple(leaf.shape for leaf in leaves)


def run_group(record: Record, group: Group, here: Here) -> bool:
    """Run a group to its end; return False if its points have to be run one by one instead."""
    points = [point for point, _ in group]
    with ExitStack() as stack:
        locked = [stack.enter_context(file_lock(record.note(point), PATIENCE)) for point in points]
        if not all(locked) or not same_step(record, points) or record.stop.exists():
            return False
        stack.enter_context(stop_watcher(record, os.getpid()))
        for point in points:
            append_note(record.note(point), "")
        try:
            train_batched(record, [(here(point), experiment) for point, experiment in group])
        except Exception as error:
            logging.getLogger(__name__).warning(
                "%d points run one by one: %s", len(group), one_line(error)
            )
            return False
    return True


def train_batched(record: Record, group: Group) -> None:
    """Train points of one group as one program.

    Raises:
        RequestError: they would not read the same examples in the same order.
    """
    from darnax.data import Streamed
    from darnax.laboratory.data_digest import record_digest, require_same_data
    from darnax.laboratory.data_opening import open_data, require_epochs
    from darnax.laboratory.display import SILENT
    from darnax.laboratory.training import new_folder, run
    from darnax.runner.run_folder import RunFolder

    experiments = [experiment for _, experiment in group]
    existing_runs, parent, name = record.runs(), record.folder.parent, record.folder.name
    known = [point.overrides for point, _ in group if point.overrides in existing_runs]
    folders = {overrides: RunFolder.open(existing_runs[overrides]) for overrides in known}
    dataset, data = open_data(experiments[0], existing=bool(known)), experiments[0].data
    if isinstance(dataset.train, Streamed) and len({each.seed for each in experiments}) > 1:
        what = "the order of streamed data depends on the seed; points of several run one by one"
        raise RequestError(Problem("data.memory_gib", what))
    for each in experiments:
        require_epochs(each, dataset)
    require_same_data(folders.values(), data, dataset)
    new = []
    for point, experiment in group:
        if point.overrides not in folders:
            folders[point.overrides] = new_folder(
                parent,
                name,
                experiment.config,
                point.composed,
                overrides=point.overrides,
                command=record.command,
            )
            new.append(folders[point.overrides])
    record_digest(new, data, dataset)
    runs = [(experiment, folders[point.overrides]) for point, experiment in group]
    run(runs, dataset, SILENT, Membership(record))
