"""`darnax train -m` and `darnax sweep`: start, list, show and resume a sweep."""

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
        help="Another launcher, the length of a search, or recorded overrides that need trust.",
        show_default=False,
    ),
]
Retry = Annotated[bool, typer.Option("--retry-failed", help="Retry points that failed twice.")]

app = typer.Typer(
    name="sweep",
    no_args_is_help=True,
    help="Show or resume the sweeps that `darnax train -m` has started.",
)


@app.command("status")
def status(folder: Folder, debug: Debug = False) -> None:
    """Show the state of every point of a sweep, while it runs or afterwards.

    darnax sweep status outputs/mnist_chain/sweeps/<time>-<id>
    """
    record = Record.read(folder.absolute())
    sweep_board.show(survey(record), record.goal)


@app.command("resume")
def resume(
    folder: Folder, overrides: Changes = None, retry_failed: Retry = False, debug: Debug = False
) -> None:
    """Resume a sweep, however it ended; points that are done are not run again.

    Points that were interrupted continue from their last checkpoint. Points that failed are tried
    once more; those that failed twice only with --retry-failed. The points of a grid are those in
    the folder; a search draws new points from the configurations that it was started with.

        darnax sweep resume outputs/mnist_chain/sweeps/<time>-<id>

    The launcher and the length of a search may be changed:

        darnax sweep resume outputs/mnist_chain/sweeps/<time>-<id> hydra.sweeper.n_trials=40
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
    """Return the display of a sweep on the command line."""
    from darnax.sweeps.display import SweepDisplay, no_failure

    return SweepDisplay(
        board=sweep_board.board,
        table=sweep_board.show,
        failure=panels.trace if debug else no_failure,
        data_progress=progress_bar,
        warnings=warnings_to_stderr,
        note=lambda line: tables.echo(f"note: {line}", error=True),
    )


def finish(run_sweep: Callable[[], tuple[Record, list[State]]], overrides: list[str]) -> None:
    """Run a sweep and exit: with 1 if a point is left to run, with 2 if all are refused, else 0."""
    from darnax.composing import trust
    from darnax.runner.stop_signals import Interrupted
    from darnax.sweeps import running

    try:
        record, states = run_sweep()
    except Interrupted as interrupted:
        if interrupted.resume:
            raise
        # No point was recorded: there is nothing to resume, and so no panel.
        raise typer.Exit(interrupted.exit_code) from None
    if running.are_refused(states):
        raise typer.Exit(panels.REFUSED)
    left = [state for state in states if state.status not in DONE]
    command = running.resume_command(record, trust.trusted_packages(overrides))
    if left and all(state.given_up for state in left):
        tables.echo(f"retry the points that failed twice with: {command} --retry-failed")
    elif left:
        tables.echo(f"resume with: {command}")
    raise typer.Exit(panels.FAILED if left else 0)


def dry_run(overrides: list[str], file: Path | None) -> None:
    """List the points of a sweep and why some are refused; exit with 2 if one is."""
    from darnax.laboratory.machine import composer_here, warn_of_new
    from darnax.sweeps import planning

    composer = composer_here(file, overrides)
    plan = planning.make_plan(composer, overrides)
    with warnings_to_stderr():
        warn_of_new(composer, (point.config for point in plan.points if point.config))
    names = planning.point_names(plan, overrides)
    rows = [(name, " ".join(words)) for words, name in names.items()]
    tables.show(("point", "overrides"), rows)
    if plan.search is not None:
        drawn = count_of(plan.search.settings.n_trials, "point")
        tables.echo(f"the search draws {drawn} between these, which were checked")
    try:
        for line in planning.require_sound(plan, overrides, prepares=False):
            tables.echo(f"note: {line}", error=True)
    except RequestError as error:
        raise typer.Exit(panels.report(error)) from None
