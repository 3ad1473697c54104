"""`darnax compare`: runs side by side, as a table, as a page, as a file for other programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Debug, Metric

if TYPE_CHECKING:
    from darnax.reports.compare import Comparison

CHOOSE = "choose by a metric of the validation split, such as eval/accuracy"
MANY = 8  # columns that a terminal has room for

Places = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUNS|SWEEPS|FOLDERS",
        help="Folders, with runs at any depth, or ids of runs and sweeps.",
    ),
]
GroupBy = Annotated[
    list[str] | None,
    typer.Option(
        "--group-by", metavar="KEY", help="Make a row of what has this in common; may be repeated."
    ),
]
Best = Annotated[
    bool,
    typer.Option("--best", help="Of each run take the best value it logged, instead of the last."),
]
Lower = Annotated[bool, typer.Option("--lower", help="The lowest value of the metric is the best.")]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page with curves and maps.")
]
Csv = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write the table with all its digits.")
]


def compare(
    places: Places,
    metric: Metric = None,
    group_by: GroupBy = None,
    best: Best = False,
    lower: Lower = False,
    html: Html = None,
    csv: Csv = None,
    debug: Debug = False,
) -> None:
    """Put runs side by side: one row for each configuration, best first, over its seeds.

    Only what differs is shown. Finished runs count, one for each seed; p is that of Welch's t-test against the best row.
    A best value is chosen on the data that it was measured on: the last one is the fairer, and the default. Runs that keep
    nothing out of training have no eval/accuracy; `--metric test/accuracy` reports how they ended, in the order of the
    configurations: no row is the best by the test images, which are there to report and not to choose by.

        darnax compare outputs/mnist_chain/sweeps/<time>-<id>

        darnax compare outputs/mnist_chain --group-by model.depth --html compare.html
    """
    from darnax.reports.compare import compare as put_side_by_side
    from darnax.reports.runs import find

    comparison = put_side_by_side(
        find(places), metric, list(group_by or []), best=best, lower=lower
    )
    show(comparison)
    if csv is not None:
        from darnax.reports.table_file import write

        write(comparison, csv)
        tables.echo(f"table: {csv}")
    if html is not None:
        from darnax.reports.page import write as write_page

        write_page(comparison, html)
        tables.echo(f"page: {html}")


def show(comparison: "Comparison") -> None:
    """Print the table, and what is not in it."""
    from darnax.reports.comparison_table import cells

    heads, rows = cells(comparison)
    keys = len(comparison.columns)
    tables.show(
        heads[:MANY][:keys] + heads[keys:], [row[:MANY][:keys] + row[keys:] for row in rows]
    )
    if not comparison.is_ranked:
        tables.echo(f"{comparison.metric} is reported in the order of the configurations; {CHOOSE}")
    if hidden := heads[MANY:keys]:
        tables.echo(f"--html and --csv show what else differs: {', '.join(hidden)}")
    for run in comparison.damaged:
        tables.echo(f"left out: {run.path} ({run.damage})")
