"""Runs a sweep: every point is tried, a failure stops no other point, the rest can be resumed."""

import os
import shlex
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType

from darnax.composing import trust
from darnax.errors import Problem, RequestError, writing_file
from darnax.files import open_inside
from darnax.laboratory.machine import composer_here, warn_of_new
from darnax.runner.stop_signals import Interrupted, handling_signals
from darnax.sweeps import hydra_launcher, planning
from darnax.sweeps.batched import run_batched
from darnax.sweeps.batches import Batches
from darnax.sweeps.display import SILENT, SweepDisplay
from darnax.sweeps.leftovers import remove_empty, remove_record, remove_stillborn_runs
from darnax.sweeps.moved_points import keep_paths, point_here, warn_of_points
from darnax.sweeps.planning import SweepPlan
from darnax.sweeps.point import Here, Objective, Point
from darnax.sweeps.point_differences import find_changes
from darnax.sweeps.record import NAME, Record
from darnax.sweeps.resuming import resume_plan
from darnax.sweeps.survey import DONE, State, survey
from darnax.sweeps.workers import run_or_skip_point

CLAIMED = (*DONE, "running")
CHANGED = (
    "the configurations are not the ones that this search was started with; "
    "restore them, or start a new search"
)


def start(
    overrides: list[str], file: Path | None, command: list[str], display: SweepDisplay = SILENT
) -> tuple[Record, list[State]]:
    """Run all points of a new sweep; return its record, and the state of every point.

    Nothing is written before all points are known to be valid. If all of them are refused because
    of their data, no folder remains.
    """
    trusted = trust.trusted_packages(overrides)
    composer = composer_here(file, overrides)
    plan = planning.make_plan(composer, overrides)
    hydra_launcher.require_srun(plan.request.config)
    with display.warnings():
        warn_of_new(composer, (point.config for point in plan.points if point.config))
    for line in planning.require_sound(plan, overrides, progress=display.data_progress):
        display.note(line)
    folder = planning.new_folder(plan)
    from_files = hydra_launcher.overrides_chosen_by_files(
        plan.request.settings, composer, overrides
    )
    base = composer.saved.to_container() if composer.saved else None
    record = Record(
        folder,
        [*overrides, *from_files],
        file and file.absolute(),
        Path.cwd(),
        command,
        base=base,
    )
    existing = next(parent for parent in folder.parents if parent.exists())
    with writing_file(folder, "choose another paths.outputs"):
        folder.mkdir(parents=True)
    states: list[State] = []
    try:
        states = Sweep(record, plan, trusted, display=display).run()
    finally:
        if are_refused(states) or not is_written(record):
            remove_record(record)
            remove_empty(folder.parent, existing)
    return record, states


def resume(
    folder: Path, overrides: list[str], *, retry: bool = False, display: SweepDisplay = SILENT
) -> tuple[Record, list[State]]:
    """Run what is left of a recorded sweep; return its record, and the state of every point."""
    record = Record.read(folder.absolute())
    record.require_own_files()
    trusted, others = trust.split_trust(overrides)
    with resume_plan(record, others, trusted) as plan:
        hydra_launcher.require_srun(plan.request.config)
        for line in remove_stillborn_runs(record):
            display.note(line)
        sweep = Sweep(record, plan, trusted, retry=retry, display=display, point_here=point_here)
        with display.warnings():
            warn_of_points(sweep.left())
        return record, sweep.run()


class Sweep:
    """A sweep under way in this process.

    Args:
        record: of the sweep.
        plan: what to run.
        trusted: the packages that the command line trusts.
        retry: whether points that failed twice are tried again.
        display: what is shown of the sweep.
        point_here: returns a point as it is on this machine.
    """

    def __init__(
        self,
        record: Record,
        plan: SweepPlan,
        trusted: Collection[str],
        *,
        retry: bool = False,
        display: SweepDisplay = SILENT,
        point_here: Here = keep_paths,
    ) -> None:
        self.record, self.plan, self.trusted = record, plan, trusted
        self.retry, self.display, self.point_here = retry, display, point_here
        self.begun: set[str] = set()  # identities of the points that this process has started
        self.here = True  # whether points run in this process
        self.signum = 0

    def run(self) -> list[State]:
        """Run what is left, and return the state of every point.

        Raises:
            Interrupted: after a signal. Its `resume` is the command that runs what is left; ""
                if no point was recorded yet, so that there is nothing to resume.
            RequestError: the sweep is invalid; no point was started.
        """
        record, trouble = self.record, None
        with writing_file(record.stop, "move it away"):
            record.stop.unlink(missing_ok=True)
        with self.signals(), self.display.board(record):
            try:
                self.launch()
            except (Interrupted, KeyboardInterrupt) as error:
                self.signum = getattr(error, "exit_code", 128 + signal.SIGINT) - 128
            except Exception as error:
                trouble = error
        if trouble is not None and (isinstance(trouble, RequestError) or not is_written(record)):
            raise trouble
        states = survey(record)
        self.display.table(states, record.goal)
        if self.signum:
            interrupted = Interrupted(self.signum, record.folder)
            interrupted.resume = self.command if is_written(record) else ""
            raise interrupted
        if trouble is not None:
            trouble.add_note(f"resume with: {self.command}")
            raise trouble
        return states

    def launch(self) -> None:
        """Start the points that `begin` leaves."""
        record, request = self.record, self.plan.request
        task = partial(
            run_or_skip_point,
            record.folder,
            os.getpid(),
            self.display.failure,
            self.trusted,
            self.point_here,
        )
        run_groups = partial(run_batched, record.folder, request.lanes, here=self.point_here)
        here = hydra_launcher.is_here(request.config)
        with hydra_launcher.launcher(
            request.config, request.composer, record.folder, task
        ) as launcher:
            batches = Batches(launcher, task, self.begin, run_groups, here=here)
            if self.plan.search is not None:
                self.plan.search.run(batches, record.folder)
            else:
                batches.run(self.plan.points, Objective())

    def begin(self, points: list[Point], here: bool, goal: Objective) -> list[Point]:
        """Compare the points so far with the record, add them to it, return those left to run."""
        record = self.record
        if self.signum:
            raise Interrupted(self.signum, record.folder)
        points = planning.drop_duplicates(points)
        if goal.trials:  # the points of a grid are the record's own and cannot differ from it
            differences = list(find_changes(record.points, points[: len(record.points)]))
            if differences:
                raise RequestError(Problem(str(record.folder / NAME), CHANGED), *differences)
        self.here, record.points, record.goal = here, points, goal
        if all(point.refusal for point in points):
            return []
        record.write()
        left = self.left()
        self.begun |= {point.identity for point in left}
        return left

    def left(self) -> list[Point]:
        """Return the recorded points that are still to be run."""
        pairs = zip(self.record.points, survey(self.record), strict=True)
        return [point for point, state in pairs if self.is_left(point, state)]

    def is_left(self, point: Point, state: State) -> bool:
        """Return whether a point is still to be run by this process."""
        is_over = state.status in CLAIMED or bool(point.refusal) or point.identity in self.begun
        return not is_over and (self.retry or not state.given_up)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Stop the sweep at SIGINT or SIGTERM: points here at once, workers at a second signal."""

        def stop(signum: int, frame: FrameType | None) -> None:
            again, self.signum = self.signum, signum
            if is_written(self.record):
                # The workers poll this file.
                with (
                    suppress(OSError),
                    open_inside(self.record.folder, self.record.stop.name) as file,
                ):
                    file.write(str(int(signum)).encode())
            if self.here or again:
                raise Interrupted(signum, self.record.folder)

        with handling_signals(stop):
            yield

    @property
    def command(self) -> str:
        """The command that runs what is left."""
        return resume_command(self.record, self.trusted)


def resume_command(record: Record, trusted: Collection[str] = ()) -> str:
    """Return the command that runs what is left of a sweep."""
    return f"darnax sweep resume {shlex.quote(str(record.folder))}{trust.trust_option(trusted)}"


def are_refused(states: Collection[State]) -> bool:
    """Return whether every point was refused."""
    return bool(states) and all(state.status == "refused" for state in states)


def is_written(record: Record) -> bool:
    """Return whether a sweep has a record, so that it can be resumed."""
    return (record.folder / NAME).exists()
