"""`darnax train -m` and `darnax sweep`: start a sweep, list its points, show how they stand, do what is left."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from darnax.cli import panels, sweep_board, tables
from darnax.cli.display import progress_bar, warnings_to_stderr
from darnax.cli.options import Debug
from darnax.errors import RequestError
from darnax.printing import count_of
from darnax.sweeps.record import Record
from darnax.sweeps.survey import DONE, State, survey

if TYPE_CHECKING:
    from darnax.sweeps.display import SweepDisplay

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="Folder of a sweep: outputs/<name>/sweeps/<time>-<id>.",
        show_default=False,
    ),
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
    name="sweep",
    no_args_is_help=True,
    help="Sweeps that `darnax train -m` has started: how they stand, going on.",
)


@app.command("status")
def status(folder: Folder, debug: Debug = False) -> None:
    """Show how every point of a sweep stands, while it runs or afterwards.

    darnax sweep status outputs/mnist_chain/sweeps/<time>-<id>
    """
    record = Record.read(folder.absolute())
    sweep_board.show(survey(record), record.goal)


@app.command("resume")
def resume(
    folder: Folder, overrides: Changes = None, retry_failed: Retry = False, debug: Debug = False
) -> None:
    """Go on with a sweep, however it ended: nothing that is done is done again.

    Points that were interrupted go on from their last checkpoint, points that failed are tried once more; those that failed
    twice wait for --retry-failed. A grid is what the folder holds; a search draws new points of the configurations that it
    was started with.

        darnax sweep resume outputs/mnist_chain/sweeps/<time>-<id>

    What may change is where the points run, and the length of a search:

        darnax sweep resume outputs/mnist_chain/sweeps/<time>-<id> hydra/launcher=joblib hydra.sweeper.n_trials=40
    """
    from darnax.sweeps import running

    words = list(overrides or [])
    finish(lambda: running.resume(folder, words, retry=retry_failed, display=display(debug)), words)


def start(
    overrides: list[str], file: Path | None, command: list[str], *, debug: bool = False
) -> None:
    """Run all points of a new sweep."""
    from darnax.sweeps import running

    finish(lambda: running.start(overrides, file, command, display(debug)), overrides)


def display(debug: bool) -> "SweepDisplay":
    """Return what the command line shows of a sweep."""
    from darnax.sweeps.display import SweepDisplay, no_failure

    return SweepDisplay(
        board=sweep_board.board,
        table=sweep_board.show,
        failure=panels.trace if debug else no_failure,
        data_progress=progress_bar,
        warnings=warnings_to_stderr,
        note=lambda line: tables.echo(f"note: {line}", error=True),
    )


def finish(carry_out: Callable[[], tuple[Record, list[State]]], overrides: list[str]) -> None:
    """Carry out a sweep, say how to do what is left of it, and exit with 0, 1 if a point failed, or 2 if all were refused."""
    from darnax.composing import trust
    from darnax.runner.interrupts import Interrupted
    from darnax.sweeps import running

    try:
        record, states = carry_out()
    except Interrupted as interrupted:
        if interrupted.resume:
            raise
        raise typer.Exit(
            interrupted.exit_code
        ) from None  # no point was written down: there is nothing to resume
    if running.are_refused(states):
        raise typer.Exit(panels.REFUSED)
    left = [state for state in states if state.status not in DONE]
    command = running.resume_command(record, trust.trusted_packages(overrides))
    if left and all(state.given_up for state in left):
        tables.echo(f"what failed twice is tried again by: {command} --retry-failed")
    elif left:
        tables.echo(f"go on with: {command}")
    raise typer.Exit(panels.FAILED if left else 0)


def dry_run(overrides: list[str], file: Path | None) -> None:
    """List the points of a sweep, say which are refused, and exit with 2 where one is."""
    from darnax.laboratory.machine import composer_here, warn_of_new
    from darnax.sweeps import planning

    composer = composer_here(file, overrides)
    plan = planning.plan(composer, overrides)
    with warnings_to_stderr():
        warn_of_new(composer, (point.config for point in plan.points if point.config))
    rows = [
        (name, " ".join(words)) for words, name in planning.point_names(plan, overrides).items()
    ]
    tables.show(("point", "overrides"), rows)
    if plan.search is not None:
        drawn = count_of(plan.search.settings.n_trials, "point")
        tables.echo(f"the search draws {drawn} between these, which were looked at")
    try:
        for line in planning.require_sound(plan, overrides, prepares=False):
            tables.echo(f"note: {line}", error=True)
    except RequestError as error:
        raise typer.Exit(panels.report(error)) from None
