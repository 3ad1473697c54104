"""Points of a sweep that differ in numbers and seeds alone run side by side in this process, as one program."""

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
from darnax.sweeps.moved_points import unmoved
from darnax.sweeps.record import PATIENCE, Here, Point, Record, append_note, read_notes
from darnax.sweeps.survey import is_done
from darnax.sweeps.workers import stop_watcher

if TYPE_CHECKING:
    from darnax.runner.experiment import Experiment

Group = Sequence[tuple[Point, "Experiment"]]


def run_batched(
    folder: Path, lanes: int, points: list[Point], *, here: Here = unmoved
) -> list[Point]:
    """Run the points that can share a program, at most so many at once; return those left, each to be run alone."""
    if lanes == 1 or len(points) < 2:
        return points
    record, done = Record.read(folder), set()
    for group in batched_groups(record, points, lanes, here):
        if run_group(record, group, here):
            done |= {point.identity for point, _ in group}
    return [point for point in points if point.identity not in done]


def batched_groups(
    record: Record, points: list[Point], lanes: int, here: Here = unmoved
) -> list[Group]:
    """Return the points that differ in numbers alone and stand at the same step, in groups of two and more."""
    from darnax.builder import build

    alike: dict[Hashable, list[tuple[Point, Experiment]]] = defaultdict(list)
    begun = steps(record, points)
    for point in points:
        with suppress(Exception):  # what cannot be built says so when it is run alone
            if point.identity in begun and can_be_batched(
                experiment := build(here(point).config or {})
            ):
                alike[begun[point.identity], program_structure(experiment)].append(
                    (point, experiment)
                )
    cut = [
        members[first : first + lanes]
        for members in alike.values()
        for first in range(0, len(members), lanes)
    ]
    return [group for group in cut if len(group) > 1 and record.goal.pruner is None]


def steps(record: Record, points: Sequence[Point]) -> dict[str, int]:
    """Return, by the identity of a point, the step that it goes on from; without those that are done or have failed."""
    from darnax.runner import checkpoint
    from darnax.runner.manifest import RunMeta

    runs, found = record.runs(), {}
    for point in points:
        run = runs.get(point.overrides)
        if not any(read_notes(record.note(point))) and not (run and is_done(run)):
            last = run and checkpoint.latest(run / "checkpoints", RunMeta)
            found[point.identity] = checkpoint.step_of(last) if last else 0
    return found


def same_step(record: Record, points: Sequence[Point]) -> bool:
    """Say whether points can go on together."""
    begun = steps(record, points)
    return len(begun) == len(points) and len(set(begun.values())) == 1


def can_be_batched(experiment: "Experiment") -> bool:
    """Say whether a run can be a lane: one network, and no dashboard that takes one run of a process at a time."""
    return experiment.runner.replicas == 1 and experiment.tracking.concurrent


def program_structure(experiment: "Experiment") -> Hashable:
    """Return what has to be the same for runs to share a program, and the data that it reads."""
    import jax

    from darnax.runner.devices import mesh_of
    from darnax.runner.recipe import TrainProgram

    config = experiment.config
    leaves, structure = jax.tree.flatten(
        TrainProgram(experiment, 0, mesh_of(experiment), lanes=True)
    )
    same = json.dumps(
        [config["data"], config["runner"], str(experiment.data.directory)], sort_keys=True
    )
    return same, structure, tuple(leaf.shape for leaf in leaves)


def run_group(record: Record, group: Group, here: Here) -> bool:
    """Bring a group to its end; False, with what went wrong, if its points are to be run one by one instead."""
    points = [point for point, _ in group]
    with ExitStack() as stack:
        mine = [stack.enter_context(file_lock(record.note(point), PATIENCE)) for point in points]
        if not all(mine) or not same_step(record, points) or record.stop.exists():
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
    """Train points that differ in numbers and seeds alone, and stand at the same step, as one program.

    Raises:
        RequestError: they would not read the same examples in the same order.
    """
    from darnax.data import Streamed
    from darnax.laboratory.data_opening import open_data, require_epochs
    from darnax.laboratory.display import SILENT
    from darnax.laboratory.training import new_folder, run
    from darnax.runner.run_folder import RunFolder

    experiments = [experiment for _, experiment in group]
    begun, place, name = record.runs(), record.folder.parent, record.folder.name
    existing = any(point.overrides in begun for point, _ in group)
    dataset = open_data(experiments[0], existing=existing)
    if isinstance(dataset.train, Streamed) and len({each.seed for each in experiments}) > 1:
        raise RequestError(
            Problem(
                "data.memory_gib", "every seed reads data that are larger in an order of its own"
            )
        )
    for each in experiments:
        require_epochs(each, dataset)
    runs = []
    for point, experiment in group:
        if point.overrides in begun:
            folder = RunFolder.open(begun[point.overrides])
        else:
            words, config = point.overrides, experiment.config
            folder = new_folder(
                place, name, config, point.composed, overrides=words, command=record.command
            )
        runs.append((experiment, folder))
    run(runs, dataset, SILENT, Membership(record))
