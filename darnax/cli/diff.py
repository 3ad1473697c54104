"""`darnax diff`: the differences between two runs."""

from darnax.cli import tables
from darnax.cli.options import Debug, Run


def diff(a: Run, b: Run, debug: Debug = False) -> None:
    """Show what differs between two runs: configuration, environment, results.

        darnax diff outputs/mnist_chain/<time>-<id> outputs/mnist_chain/<time>-<id>

    For a run in `outputs` its id is enough, as `darnax runs` shows it:

        darnax diff a28a51 4cf1ed
    """
    from darnax.api.difference import diff as compare_two

    found = compare_two(a, b)
    for path, damage in found.damaged:
        tables.echo(f"{path} is damaged: {damage}", "")
    for table in found.tables:
        if table.rows:
            tables.show(*table)
            tables.echo()
        else:
            tables.echo(f"{table.columns[0]}: no difference", "")
