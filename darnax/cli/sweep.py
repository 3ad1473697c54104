"""`darnax train -m` and `darnax sweep`: every point is tried, none stops the others, and what is left can be done later."""

import os
import shutil
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from darnax.cli import panels, sweep_board, tables, trust
from darnax.cli.options import Debug
from darnax.cli.sweep_changes import changes
from darnax.cli.sweep_record import NAME, Goal, Point, Record
from darnax.cli.sweep_survey import DONE, State, survey
from darnax.errors import Problem, RequestError
from darnax.locks import is_held

if TYPE_CHECKING:
    from darnax.runner.interrupts import Interrupted

TAKEN = (*DONE, "running")
ON_RESUME = ("hydra/launcher=", "hydra.launcher.", "hydra.sweeper.n_trials=", "hydra.sweeper.n_jobs=")
CHANGED = "the configurations are not the ones that this sweep was started with; restore them, or start a new sweep"
Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of a sweep: outputs/<name>/sweeps/<time>-<id>.", show_default=False)
]
Changes = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE", help="Another launcher, the length of a search, or trust=[PACKAGE] once more.", show_default=False
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
    twice wait for --retry-failed. The configurations have to be the ones that the sweep was started with.

        darnax sweep resume outputs/mnist_chain/sweeps/<time>-<id>

    What may change is where the points run, and the length of a search:

        darnax sweep resume outputs/mnist_chain/sweeps/<time>-<id> hydra/launcher=joblib hydra.sweeper.n_trials=40
    """
    record = Record.read(folder.absolute())
    trusted, others = trust.parted(overrides or [])
    record.overrides = exchanged(record.overrides, others)
    if record.directory.is_dir():
        os.chdir(record.directory)  # for the sake of ./configs
    remove_stillborn_runs(record)
    raise typer.Exit(Sweep(record, trusted, retry=retry_failed, debug=debug).carry_out())


def start(overrides: list[str], file: Path | None, command: list[str], *, debug: bool = False) -> int:
    """Run all points; the exit code is 0, or 1 if one of them failed, or 2 if all were refused, and then no folder stays."""
    from darnax.cli import hydra_sweep

    folder = hydra_sweep.sweep_folder(overrides, file)
    standing = next(parent for parent in folder.parents if parent.exists())
    record = Record(folder, overrides, file and file.absolute(), Path.cwd(), command)
    code = None
    try:
        code = Sweep(record, trust.granted(overrides), debug=debug).carry_out()
    finally:
        if code == panels.REFUSED or not is_written(record):
            shutil.rmtree(folder, ignore_errors=True)
            remove_empty(folder.parent, standing)
    return code


class Sweep:
    """A sweep under way in this process; with `retry` it tries points that failed twice again."""

    def __init__(self, record: Record, trusted: Collection[str], *, retry: bool = False, debug: bool) -> None:
        self.record, self.trusted, self.retry, self.debug = record, trusted, retry, debug
        self.begun: set[str] = set()  # identities of points
        self.here = True  # whether points run in this process
        self.signum = 0

    def carry_out(self) -> int:
        """Do what is left, show the table, and return the exit code."""
        from darnax.runner.interrupts import Interrupted

        record, trouble = self.record, None
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
        """Let Hydra split the sweep and start what `begin` leaves of it."""
        from darnax.cli import hydra_sweep
        from darnax.cli.sweep_point import work

        record = self.record
        task = partial(work, record.folder, os.getpid(), self.debug, self.trusted)
        hydra_sweep.sweep(record.overrides, record.file, record.folder, self.trusted, self.begin, task)

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
        grows = points[: len(record.points)] if goal.trials else points
        if record.points and (differences := list(changes(record.points, grows))):
            raise RequestError(Problem(str(record.folder / NAME), CHANGED), *differences)
        self.here, record.points, record.goal = here, points, goal
        if all(point.refusal for point in points):
            return []
        record.write()
        left = [point for point, state in zip(points, survey(record), strict=True) if self.is_left(point, state)]
        self.begun |= {point.identity for point in left}
        return left

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
                self.record.stop.write_text(str(int(signum)))
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
        return f"darnax sweep resume {self.record.folder}{trust.repeated(self.trusted)}"


def exchanged(overrides: list[str], changes: list[str]) -> list[str]:
    """Return the overrides of a sweep with others for where and how long it runs."""
    if strangers := [change for change in changes if not change.startswith(ON_RESUME)]:
        allowed = ", ".join(f"{start}…" for start in ON_RESUME)
        raise RequestError(Problem(" ".join(strangers), f"would make it another sweep; only {allowed} may change on the way"))
    gone = [f"{change.partition('=')[0]}=" for change in changes]
    if ON_RESUME[0] in gone:
        gone.append(ON_RESUME[1])  # what was said to the launcher before
    return [*(override for override in overrides if not override.startswith(tuple(gone))), *changes]


def is_written(record: Record) -> bool:
    """Say whether a sweep can be resumed."""
    return (record.folder / NAME).exists()


def remove_stillborn_runs(record: Record) -> None:
    """Remove the folders of runs that were killed while they were made; nothing had been computed for them."""
    if any(is_held(record.note(point)) for point in record.points):
        return
    for run in record.folder.glob("*-*/"):
        if not (run / "summary.json").exists():
            shutil.rmtree(run)


def remove_empty(folder: Path, standing: Path) -> None:
    """Remove empty folders upwards, up to the one that stood before."""
    for place in (folder, *folder.parents):
        if place == standing or (place.exists() and any(place.iterdir())):
            return
        if place.exists():
            place.rmdir()
