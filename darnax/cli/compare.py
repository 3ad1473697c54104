"""`darnax compare`: runs side by side, as a table, as a page, or as a file for other programs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from darnax.cli import tables
from darnax.cli.options import Csv, Debug, Metric
from darnax.errors import Problem, RequestError

if TYPE_CHECKING:
    from darnax.api.comparison import Comparison

CHOOSE = "choose by a metric of the validation split, such as eval/accuracy"
MANY = 8  # columns that fit on a terminal

Folders = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUNS|SWEEPS|FOLDERS",
        help="Folders, with runs at any depth, or ids of runs and sweeps.",
    ),
]
GroupBy = Annotated[
    list[str] | None,
    typer.Option("--group-by", metavar="KEY", help="Group runs by KEY; may be repeated."),
]
Best = Annotated[
    bool,
    typer.Option("--best", help="Use the best logged value of each run instead of the last."),
]
Lower = Annotated[bool, typer.Option("--lower", help="Lower values of the metric are better.")]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page with curves and maps.")
]
Follow = Annotated[
    bool,
    typer.Option("--follow", help="Write the page again while runs go on; it reloads itself."),
]


def compare(
    folders: Folders,
    metric: Metric = None,
    group_by: GroupBy = None,
    best: Best = False,
    lower: Lower = False,
    html: Html = None,
    follow: Follow = False,
    csv: Csv = None,
    debug: Debug = False,
) -> None:
    """Compare runs: one row for each configuration over its seeds, best first.

    Only what differs is shown; of different experiments the name, and what else differs in a line
    below the table. Finished runs count, one for each seed; p is that of Welch's t-test against the
    best row. Rows with the same data and common seeds are also compared seed by seed: the mean
    difference, its 95 % interval, and the p of the paired t-test. By Holm's method each p is
    corrected for the number of tests of its kind. The best value is chosen on the same data that it
    was measured on, so the last value, the default, is the fairer one. Runs without a validation
    split have no eval/accuracy; `--metric test/accuracy` reports them in the order of the
    configurations, because the test split may not be used to choose.

        darnax compare outputs/mnist_chain/sweeps/<time>-<id>

        darnax compare outputs/mnist_chain --group-by model.depth --html compare.html

    The page of a single run shows its curves, network, settings and environment. With --follow, the
    page is written again whenever a run has logged something, until no run is in progress; an open
    page reloads itself and keeps what was selected:

        darnax compare outputs/mnist_chain/<time>-<id> --html run.html --follow
    """
    from darnax.api.comparison import compare as compare_runs

    how: dict[str, Any] = {
        "metric": metric,
        "group_by": list(group_by or []),
        "best": best,
        "lower": lower,
    }
    if follow:
        follow_page(folders, html, how)
    comparison = compare_runs(folders, **how)
    show(comparison)
    if csv is not None:
        comparison.to_csv(csv)
        tables.echo(f"table: {csv}")
    if html is not None:
        left_out = comparison.write_page(html)
        tables.echo(f"page: {html}")
        for sentence in left_out:
            tables.note(f"on the page: {sentence}")


def follow_page(folders: Sequence[Path], html: Path | None, how: Mapping[str, Any]) -> None:
    """Write the page until no run is in progress."""
    if html is None:
        what = "needs the page that it writes; add --html page.html"
        raise RequestError(Problem("--follow", what))
    from darnax.api import following

    following.follow_page(folders, html, tables.echo, **how)


def show(comparison: "Comparison") -> None:
    """Print the table, and what was left out of it."""
    heads, rows = comparison.table
    keys = len(comparison.columns)
    left_out = range(min(keys, MANY), keys)

    def fit(cells: Sequence[str]) -> list[str]:
        return [cell for position, cell in enumerate(cells) if position not in left_out]

    if rows:
        tables.show(fit(heads), [fit(row) for row in rows])
    else:
        tables.note("none of the runs can be read")
    if not comparison.is_ranked:
        tables.note(f"{comparison.metric} is reported in the order of the configurations; {CHOOSE}")
    elif comparison.note:
        tables.note(comparison.note)
    if comparison.unshown:
        tables.note(comparison.unshown)
    hidden = heads[MANY:keys]
    if hidden:
        tables.note(f"--html and --csv show what else differs: {', '.join(hidden)}")
    for path, damage in comparison.damaged:
        tables.echo(f"left out: {path} ({damage})")
