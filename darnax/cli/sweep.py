"""`darnax train -m` and `darnax sweep`: every point is tried, none stops the others, and what is left can be done later."""

import os
import shlex
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from darnax.cli import panels, sweep_board, tables, trust
from darnax.cli.moved import unmoved
from darnax.cli.options import Debug
from darnax.cli.sweep_changes import changes
from darnax.cli.sweep_leftovers import remove_empty, remove_record, remove_stillborn_runs
from darnax.cli.sweep_record import NAME, Goal, Here, Point, Record
from darnax.cli.sweep_survey import DONE, State, survey
from darnax.errors import Problem, RequestError, written
from darnax.files import open_inside

if TYPE_CHECKING:
    from darnax.cli.sweep_plan import Plan
    from darnax.runner.interrupts import Interrupted

TAKEN = (*DONE, "running")
CHANGED = "the configurations are not the ones that this search was started with; restore them, or start a new search"
Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of a sweep: outputs/<name>/sweeps/<time>-<id>.", show_default=False)
]
Changes = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE",
        help="Another launcher, the length of a search, or again what a record cannot say.",
        show_default=False,
    ),
]
Retry = Annotated[bool, typer.Option("--retry-failed", help="Try points that failed twice again.")]

app = typer.Typer(
    name="sweep", no_args_is_help=True, help="Sweeps that `darnax train -m` has started: how they stand, going on."
)


@app.command("status")
def status(folder: Folder, debug: Debug = False) -> None:
    """Show how every point of a sweep stands, while it runs or afterwards.

    darnax sweep status outputs/mnist_chain/sweeps/<time>-<id>
    """
    record = Record.read(folder.absolute())
    sweep_board.show(survey(record), record.goal)


@app.command("resume")
def resume(folder: Folder, overrides: Changes = None, retry_failed: Retry = False, debug: Debug = False) -> None:
    """Go on with a sweep, however it ended: nothing that is done is done again.

    Points that were interrupted go on from their last checkpoint, points that failed are tried once more; those that failed
    twice wait for --retry-failed. A grid is what the folder holds; a search draws new points of the configurations that it
    was started with.

        darnax sweep resume outputs/mnist_chain/sweeps/<time>-<id>

    What may change is where the points run, and the length of a search:

        darnax sweep resume outputs/mnist_chain/sweeps/<time>-<id> hydra/launcher=joblib hydra.sweeper.n_trials=40
    """
    from darnax.cli.moved import point_here, warn_of_points
    from darnax.cli.sweep_resume import resumed

    record = Record.read(folder.absolute())
    record.require_own_files()
    trusted, others = trust.parted(overrides or [])
    with resumed(record, others, trusted) as plan:
        for line in remove_stillborn_runs(record):
            tables.echo(f"note: {line}", error=True)
        sweep = Sweep(record, plan, trusted, retry=retry_failed, debug=debug, here=point_here)
        with panels.aloud():
            warn_of_points(sweep.left())
        raise typer.Exit(sweep.carry_out())


def start(overrides: list[str], file: Path | None, command: list[str], *, debug: bool = False, dry_run: bool = False) -> int:
    """Run all points, or merely list them; the exit code is 0, or 1 if one of them failed, or 2 if all were refused.

    Nothing is made before all points are known to be sound. Where all are refused by their data, no folder stays.
    """
    from darnax.cli import moved, sweep_plan
    from darnax.cli.sweep_launcher import chosen_by_files

    trusted = trust.granted(overrides)
    composer = moved.composer_here(file, overrides)
    plan = sweep_plan.plan(composer, overrides)
    with panels.aloud():
        moved.warn_of_new(composer, (point.config for point in plan.points if point.config))
    if dry_run:
        return sweep_plan.show(plan, overrides)
    sweep_plan.require_sound(plan, overrides)
    folder = sweep_plan.folder(plan)
    said = [*overrides, *chosen_by_files(plan.request.settings, composer, overrides)]
    base = composer.saved.written() if composer.saved else None
    record = Record(folder, said, file and file.absolute(), Path.cwd(), command, base=base)
    standing = next(parent for parent in folder.parents if parent.exists())
    with written(folder, "choose another paths.outputs"):
        folder.mkdir(parents=True)
    code = None
    try:
        code = Sweep(record, plan, trusted, debug=debug).carry_out()
    finally:
        if code == panels.REFUSED or not is_written(record):
            remove_record(record)
            remove_empty(folder.parent, standing)
    return code


class Sweep:
    """A sweep under way in this process.

    Args:
        record: of the sweep.
        plan: what is to be done.
        trusted: the packages that the command line trusts.
        retry: whether points that failed twice are tried again.
        debug: whether tracebacks are shown.
        here: gives a point as it is on this machine.
    """

    def __init__(
        self,
        record: Record,
        plan: "Plan",
        trusted: Collection[str],
        *,
        retry: bool = False,
        debug: bool,
        here: Here = unmoved,
    ) -> None:
        self.record, self.plan, self.trusted, self.retry, self.debug = record, plan, trusted, retry, debug
        self.point_here = here
        self.begun: set[str] = set()  # identities of points
        self.here = True  # whether points run in this process
        self.signum = 0

    def carry_out(self) -> int:
        """Do what is left, show the table, and return the exit code."""
        from darnax.runner.interrupts import Interrupted

        record, trouble = self.record, None
        with written(record.stop, "move it away"):
            record.stop.unlink(missing_ok=True)
        with self.signals(), sweep_board.board(record):
            try:
                self.launch()
            except (Interrupted, KeyboardInterrupt) as error:
                self.signum = getattr(error, "exit_code", 128 + signal.SIGINT) - 128
            except Exception as error:
                trouble = error
        if trouble is not None and (isinstance(trouble, RequestError) or not is_written(record)):
            raise trouble
        states = survey(record)
        sweep_board.show(states, record.goal)
        if self.signum:
            raise self.way_back(Interrupted(self.signum, record.folder))
        if trouble is not None:
            trouble.add_note(f"go on with: {self.command}")
            raise trouble
        return self.code(states)

    def launch(self) -> None:
        """Start what `begin` leaves of the points."""
        from darnax.cli import sweep_launcher
        from darnax.cli.sweep_batches import Batches
        from darnax.cli.sweep_lanes import together
        from darnax.cli.sweep_point import work

        record, request = self.record, self.plan.request
        task = partial(work, record.folder, os.getpid(), self.debug, self.trusted, self.point_here)
        with sweep_launcher.launcher(request.config, request.composer, record.folder, task) as launcher:
            share = partial(together, record.folder, request.lanes, here=self.point_here)
            batches = Batches(launcher, self.begin, share, here=sweep_launcher.is_here(request.config))
            if self.plan.search is not None:
                self.plan.search.carry_out(batches, record.folder)
            else:
                batches.run(self.plan.points, Goal())

    def begin(self, points: list[Point], here: bool, goal: Goal) -> list[Point]:
        """Write the points so far down, after a look at those written down before, and return the ones left to do."""
        from darnax.runner.interrupts import Interrupted

        record = self.record
        if self.signum:
            raise Interrupted(self.signum, record.folder)
        unique: dict[str, Point] = {}
        for point in points:
            unique.setdefault(point.identity, point)
        points = list(unique.values())
        # The points of a grid are those of the record itself.
        if goal.trials and (differences := list(changes(record.points, points[: len(record.points)]))):
            raise RequestError(Problem(str(record.folder / NAME), CHANGED), *differences)
        self.here, record.points, record.goal = here, points, goal
        if all(point.refusal for point in points):
            return []
        record.write()
        left = [point for point, state in zip(points, survey(record), strict=True) if self.is_left(point, state)]
        self.begun |= {point.identity for point in left}
        return left

    def left(self) -> list[Point]:
        """Return the recorded points that are still to be done."""
        pairs = zip(self.record.points, survey(self.record), strict=True)
        return [point for point, state in pairs if self.is_left(point, state)]

    def is_left(self, point: Point, state: State) -> bool:
        """Say whether a point is still to be done by this process."""
        over = state.status in TAKEN or bool(point.refusal) or point.identity in self.begun
        return not over and (self.retry or not state.given_up)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """At SIGINT and SIGTERM stop what runs here, or ask the workers to stop and wait for them; at a second one, at once."""
        from darnax.runner.interrupts import Interrupted, handling

        def stop(signum: int, frame: FrameType | None) -> None:
            again, self.signum = self.signum, signum
            if is_written(self.record):
                with suppress(OSError), open_inside(self.record.folder, self.record.stop.name) as file:
                    file.write(str(int(signum)).encode())
            if self.here or again:
                raise Interrupted(signum, self.record.folder)

        with handling(stop):
            yield

    def way_back(self, interrupted: "Interrupted") -> BaseException:
        """Tell how to go on; before the points were written down there is nothing to go on with."""
        if not is_written(self.record):
            return typer.Exit(interrupted.exit_code)
        interrupted.resume = self.command
        return interrupted

    def code(self, states: list[State]) -> int:
        """Say how to finish what is not, and return the exit code."""
        if states and all(state.status == "refused" for state in states):
            return panels.REFUSED
        left = [state for state in states if state.status not in DONE]
        if left and all(state.given_up for state in left):
            tables.echo(f"what failed twice is tried again by: {self.command} --retry-failed")
        elif left:
            tables.echo(f"go on with: {self.command}")
        return panels.FAILED if left else 0

    @property
    def command(self) -> str:
        """The command that does what is left."""
        return f"darnax sweep resume {shlex.quote(str(self.record.folder))}{trust.repeated(self.trusted)}"


def is_written(record: Record) -> bool:
    """Say whether a sweep can be resumed."""
    return (record.folder / NAME).exists()
