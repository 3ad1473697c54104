"""`darnax analyse`: measures of a trained network, as a page and as tables of numbers."""

from pathlib import Path
from typing import Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Debug, Overrides, Run

Examples = Annotated[
    int, typer.Option("--examples", metavar="N", min=1, help="Number of test examples to use.")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="MEASURE", help="Compute this measure; may be repeated."),
]
Export = Annotated[
    Path | None,
    typer.Option("--export", metavar="FILE.npz", help="Write the states of all test examples."),
]


def analyse(
    run: Run,
    overrides: Overrides = None,
    examples: Examples = 500,
    only: Only = None,
    export: Export = None,
    debug: Debug = False,
) -> None:
    """Analyse a trained network on test data: a page with plots, and the numbers as CSV files.

    Flips at every step, margins before and after training, overlaps between phases by class,
    symmetry and spectrum of the couplings, basins of attraction, a linear probe of every layer, and
    the accuracy by goodness of networks that learn by Forward-Forward.
    Only overrides of the data, of their folder and of inference are allowed:

        darnax analyse outputs/mnist_chain/<time>-<id>

        darnax analyse outputs/mnist_chain/<time>-<id> --only basins --export states.npz
    """
    from darnax.api.analysis import analyse_run
    from darnax.cli.display import display, warnings_to_stderr

    with warnings_to_stderr():
        analyse_run(
            run,
            list(overrides or []),
            display(),
            only=list(only or []),
            examples=examples,
            states=export,
            report=lambda what, value: tables.echo(f"{what}: {shorten(run, value)}"),
        )


def shorten(run: Path, value: object) -> object:
    """Return the path of a table relative to the folder of its run, anything else as it is."""
    is_table = isinstance(value, Path) and value.is_relative_to(run) and value.suffix == ".csv"
    return value.relative_to(run) if isinstance(value, Path) and is_table else value
