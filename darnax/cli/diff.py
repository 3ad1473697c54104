"""`darnax diff`: what differs between two runs."""

from collections.abc import Sequence

from darnax.cli import tables
from darnax.cli.options import Debug, Run


def diff(a: Run, b: Run, debug: Debug = False) -> None:
    """Show what differs between two runs: configuration, circumstances, results.

        darnax diff outputs/mnist_chain/<time>-<id> outputs/mnist_chain/<time>-<id>

    Of a run in `outputs` the id is enough, as `darnax runs` shows it:

        darnax diff a28a51 4cf1ed
    """
    from darnax.reports import text
    from darnax.reports.diff import differences, environment, read_one, results

    runs = first, second = read_one(a), read_one(b)
    for run in runs:
        if run.damage:
            tables.echo(f"{run.path} is damaged: {run.damage}", "")
    changed = differences(first.config, second.config)
    section("configuration", [(key, text.leaf(x), text.leaf(y)) for key, x, y in changed])
    around = differences(environment(first), environment(second))
    section(
        "environment", [(key, text.leaf(x), text.leaf(y)) for key, x, y in around if key != "seed"]
    )
    outcome = [("status", first.status, second.status, "")] if first.status != second.status else []
    outcome += [
        (m, text.metric(m, x), text.metric(m, y), text.change(m, x, y))
        for m, x, y in results(first, second)
    ]
    section("result", outcome, ("b − a",))


def section(title: str, rows: Sequence[Sequence[str]], more: tuple[str, ...] = ()) -> None:
    """Show one table, or that there is nothing to show."""
    if rows:
        tables.show((title, "a", "b", *more), rows)
        tables.echo()
    else:
        tables.echo(f"{title}: no difference", "")
