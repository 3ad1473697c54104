"""`darnax train -m` and `darnax sweep`: start, list, show and resume a sweep."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from darnax.cli import panels, sweep_board, tables
from darnax.cli.display import warnings_to_stderr
from darnax.cli.options import Debug, find_folder
from darnax.printing import count_of

if TYPE_CHECKING:
    from darnax.api.sweeping import Outcome
    from darnax.sweeps.display import SweepDisplay

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="Folder of a sweep, outputs/<name>/sweeps/<time>-<id>, or its id.",
        callback=find_folder,
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
    from darnax.api.sweep_status import status_of

    sweep_board.show(status_of(folder))


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
    from darnax.api import sweeping

    finish(sweeping.resume(folder, list(overrides or []), display(debug), retry=retry_failed))


def start(
    overrides: list[str], file: Path | None, command: list[str], *, debug: bool = False
) -> None:
    """Run all points of a new sweep."""
    from darnax.api import sweeping

    finish(sweeping.start(overrides, file, command, display(debug)))


def display(debug: bool) -> "SweepDisplay":
    """Return the display of a sweep on the command line."""
    from darnax.api.stages import terminal_stages
    from darnax.api.sweep_status import SweepStatus
    from darnax.sweeps.display import SweepDisplay, no_failure

    return SweepDisplay(
        board=sweep_board.board,
        table=lambda points, goal: sweep_board.show(SweepStatus(points, goal)),
        failure=panels.trace if debug else no_failure,
        data_progress=terminal_stages,
        warnings=warnings_to_stderr,
        note=lambda line: tables.echo(f"note: {line}", error=True),
    )


def finish(outcome: "Outcome") -> None:
    """Print the folder; exit with 1 if a point is left to run, 2 if all are refused, else 0."""
    if outcome.is_refused:
        raise typer.Exit(panels.REFUSED)
    tables.echo(f"folder {relative_to_here(outcome.record.folder)}")
    left = outcome.left
    if left and all(state.given_up for state in left):
        command = f"{outcome.resume_command} --retry-failed"
        tables.echo(f"retry the points that failed twice with: {command}")
    elif left:
        tables.echo(f"resume with: {outcome.resume_command}")
    raise typer.Exit(panels.FAILED if left else 0)


def relative_to_here(folder: Path) -> Path:
    """Return a path that is relative to the working directory, if the folder is in it."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def dry_run(overrides: list[str], file: Path | None) -> None:
    """List the points of a sweep and why some are refused; exit with 2 if one is."""
    from darnax.api.sweep_plan import make_plan

    plan = make_plan(overrides, file, warnings_to_stderr)
    tables.show(*plan.table)
    if plan.trials is not None:
        drawn = count_of(plan.trials, "point")
        tables.note(f"the search draws {drawn} between these, which were checked")
    if plan.launcher != "basic":
        tables.note(f"launcher {plan.launcher}")
    for line in plan.notes:
        tables.echo(f"note: {line}", error=True)
    if plan.refusal is not None:
        raise typer.Exit(panels.report(plan.refusal))
