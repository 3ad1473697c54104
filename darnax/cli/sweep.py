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

from darnax.cli import panels, sweep_board, trust
from darnax.cli.options import Debug
from darnax.cli.sweep_changes import changes
from darnax.cli.sweep_record import NAME, Point, Record
from darnax.cli.sweep_survey import State, survey
from darnax.errors import Problem, RequestError
from darnax.locks import is_held

if TYPE_CHECKING:
    from darnax.runner.interrupts import Interrupted

TAKEN = ("finished", "running")
CHANGED = "the configurations are not the ones that this sweep was started with; restore them, or start a new sweep"
Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of a sweep: outputs/<name>/sweeps/<time>-<id>.", show_default=False)
]
Trusted = Annotated[
    list[str] | None, typer.Argument(metavar="trust=[PACKAGE]", help="Packages that the sweep may use, said once more.")
]

app = typer.Typer(
    name="sweep", no_args_is_help=True, help="Sweeps that `darnax train -m` has started: how they stand, going on."
)


@app.command("status")
def status(folder: Folder, debug: Debug = False) -> None:
    """Show how every point of a sweep stands, while it runs or afterwards.

    darnax sweep status outputs/mnist_chain/sweeps/<time>-<id>
    """
    sweep_board.show(survey(Record.read(folder.absolute())))


@app.command("resume")
def resume(folder: Folder, trusted: Trusted = None, debug: Debug = False) -> None:
    """Go on with a sweep, however it ended: nothing that is done is done again.

    Points that were interrupted go on from their last checkpoint, points that failed are tried once more. The configurations
    have to be the ones that the sweep was started with.

        darnax sweep resume outputs/mnist_chain/sweeps/<time>-<id>
    """
    record = Record.read(folder.absolute())
    if record.directory.is_dir():
        os.chdir(record.directory)  # for the sake of ./configs
    remove_stillborn_runs(record)
    if strangers := [word for word in trusted or [] if not word.startswith("trust=")]:
        raise RequestError(f"{' '.join(strangers)}: a sweep goes on as it was started; leave out everything but trust=[…]")
    raise typer.Exit(Sweep(record, trust.granted(trusted or []), debug=debug).carry_out())


def start(overrides: list[str], file: Path | None, command: list[str], *, debug: bool = False) -> int:
    """Run all points; the exit code is 0, or 1 if one of them failed, or 2 if all were refused, and then no folder stays."""
    from darnax.cli import hydra_adapter

    folder = hydra_adapter.sweep_folder(overrides, file)
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
    """A sweep under way in this process."""

    def __init__(self, record: Record, trusted: Collection[str], *, debug: bool) -> None:
        self.record, self.trusted, self.debug = record, trusted, debug
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
        sweep_board.show(states)
        if self.signum:
            raise self.way_back(Interrupted(self.signum, record.folder))
        if trouble is not None:
            trouble.add_note(f"go on with: {self.command}")
            raise trouble
        return self.code(states)

    def launch(self) -> None:
        """Let Hydra split the sweep and start what `begin` leaves of it."""
        from darnax.cli import hydra_adapter
        from darnax.cli.sweep_point import work

        record = self.record
        task = partial(work, record.folder, os.getpid(), self.debug, self.trusted)
        hydra_adapter.sweep(record.overrides, record.file, record.folder, self.trusted, self.begin, task)

    def begin(self, points: list[Point], here: bool) -> list[Point]:
        """Write the points down, or check that they are those that were written down, and return the ones left to do."""
        record = self.record
        points = [point for i, point in enumerate(points) if point.identity not in {other.identity for other in points[:i]}]
        if record.points and (differences := list(changes(record.points, points))):
            raise RequestError(Problem(str(record.folder / NAME), CHANGED), *differences)
        self.here, record.points = here, points
        if all(point.refusal for point in points):
            return []
        record.write()
        return [p for p, s in zip(points, survey(record), strict=True) if s.status not in TAKEN and not p.refusal]

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
        if all(state.status == "finished" for state in states):
            return 0
        print(f"go on with: {self.command}")
        return panels.FAILED

    @property
    def command(self) -> str:
        """The command that does what is left."""
        return f"darnax sweep resume {self.record.folder}{trust.repeated(self.trusted)}"


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
