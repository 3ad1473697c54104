"""A comparison as a table of text, for the command line and for notebooks."""

from darnax.reports import text
from darnax.reports.compare import Comparison, Row
from darnax.reports.configuration import short_names


def cells(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the rows.

    The columns are the keys, the metric, n and, if several rows are ranked, p and a mark of the
    best.
    """
    shortened = short_names(comparison.columns, comparison.keys)
    heads = [shortened[key] for key in comparison.columns]
    figures = ["n", "p", ""] if comparison.is_ranked and len(comparison.rows) > 1 else ["n"]
    width = len(heads) + 1 + len(figures)
    rows = [format_row(row, comparison.metric)[:width] for row in comparison.rows]
    return [*heads, comparison.heading, *figures], rows


def format_row(row: Row, metric: str) -> list[str]:
    """Return the cells of one row, with all columns."""
    values = [text.leaf(value) for value in row.values]
    figures = [
        text.spread(metric, row.mean, row.sd),
        text.count(row.n, row.unfinished),
        text.probability(row.p),
    ]
    return [*values, *figures, "best" if row.best else ""]
