"""A comparison as a table of words: what the command line prints and a notebook shows."""

from darnax.reports import text
from darnax.reports.compare import Comparison, Row
from darnax.reports.configuration import short_names


def cells(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the rows; the last four columns are the metric, n, p, and which row is the best."""
    short = short_names(comparison.columns, comparison.keys)
    heads = [short[key] for key in comparison.columns]
    return [*heads, comparison.heading, "n", "p", ""], [line(row, comparison.metric) for row in comparison.rows]


def line(row: Row, metric: str) -> list[str]:
    """Write one row."""
    values = [text.leaf(value) for value in row.values]
    figures = [text.spread(metric, row.mean, row.sd), text.count(row.n, row.unfinished), text.probability(row.p)]
    return [*values, *figures, "best" if row.best else ""]
