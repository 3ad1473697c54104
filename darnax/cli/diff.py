"""`darnax diff`: the differences between two runs."""

from collections.abc import Sequence

from darnax.cli import tables
from darnax.cli.options import Debug, Run


def diff(a: Run, b: Run, debug: Debug = False) -> None:
    """Show what differs between two runs: configuration, environment, results.

        darnax diff outputs/mnist_chain/<time>-<id> outputs/mnist_chain/<time>-<id>

    For a run in `outputs` its id is enough, as `darnax runs` shows it:

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
    changed = [
        change
        for change in differences(environment(first), environment(second))
        if change[0] != "seed"
    ]
    section("environment", [(key, text.leaf(x), text.leaf(y)) for key, x, y in changed])
    outcome = []
    if first.status != second.status:
        outcome.append(("status", first.status, second.status, ""))
    for metric, x, y in results(first, second):
        values = text.metric(metric, x), text.metric(metric, y)
        outcome.append((metric, *values, text.change(metric, x, y)))
    section("result", outcome, ("b − a",))


def section(title: str, rows: Sequence[Sequence[str]], more: tuple[str, ...] = ()) -> None:
    """Show one table, or a line if it is empty."""
    if rows:
        tables.show((title, "a", "b", *more), rows)
        tables.echo()
    else:
        tables.echo(f"{title}: no difference", "")
