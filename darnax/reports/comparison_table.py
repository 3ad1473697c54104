"""A comparison as a table of text, for the command line and for notebooks."""

from darnax.reports import text
from darnax.reports.compare import Comparison, Row
from darnax.reports.configuration import short_names
from darnax.scores import ACCURACY

MOST_UNSHOWN = 5  # settings that a line below the table names


def cells(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the rows.

    The columns are the keys, the metric, n and, if several rows are ranked, the p of Welch's test
    where there is one, the difference from the best row with its 95 % interval and its p where
    seeds are paired, and a mark of the best.
    """
    shortened = short_names(comparison.columns, comparison.keys)
    heads = [shortened[key] for key in comparison.columns]
    rows = [format_row(row, comparison) for row in comparison.rows]
    return [*heads, comparison.heading, "n", *test_heads(comparison)], rows


def has_tests(comparison: Comparison) -> bool:
    """Return whether there are columns of tests: several rows that are ranked."""
    return comparison.is_ranked and len(comparison.rows) > 1


def test_heads(comparison: Comparison) -> list[str]:
    """Return the headings of the tests, and of the mark of the best; none if nothing is ranked."""
    if not has_tests(comparison):
        return []
    heads = []
    if comparison.is_tested:
        heads.append("p")
    if comparison.is_paired:
        unit = ", pp" if comparison.metric.endswith(ACCURACY) else ""  # percentage points
        heads += [f"minus best{unit}", "paired p"]
    return [*heads, ""]


def explain_tests(comparison: Comparison) -> str:
    """Return a sentence on the columns of tests, empty where there are none."""
    if not comparison.is_tested:
        has_single = len(comparison.rows) > 1 and all(row.n < 2 for row in comparison.rows)
        return "no p: a test needs two seeds of each row" if has_single else ""
    words = "p: Welch's t-test against the best row"
    if comparison.is_paired:
        words += "; minus best: by common seeds, with 95 % interval and paired t-test"
    corrected = explain_correction(comparison)
    return f"{words}; {corrected}" if corrected else words


def explain_correction(comparison: Comparison) -> str:
    """Return for how many tests each p is corrected, empty where none is.

    Every row with a paired test has one of Welch's as well, but not the other way round.
    """
    welch, paired = comparison.welch_tests, comparison.paired_tests
    if welch < 2:
        return ""
    words = f"p corrected for {welch} tests"
    if 1 < paired < welch:
        words += f" and paired p for {paired}"
    uncorrected = ["the one paired p"] if paired == 1 else []
    uncorrected += ["intervals"] if comparison.is_paired else []
    rest = f", {' and '.join(uncorrected)} not" if uncorrected else ""
    return f"{words} (Holm){rest}"


def explain_unshown(comparison: Comparison) -> str:
    """Return a sentence on the settings without a column in which experiments differ, or ""."""
    keys = comparison.unshown
    if not keys:
        return ""
    shown = ", ".join(keys[:MOST_UNSHOWN])
    if len(keys) > MOST_UNSHOWN:
        shown += f" and {len(keys) - MOST_UNSHOWN} more (`darnax diff RUN RUN`)"
    return f"the experiments also differ in {shown}"


def format_row(row: Row, comparison: Comparison) -> list[str]:
    """Return the cells of one row."""
    metric = comparison.metric
    values = [text.leaf(value) for value in row.values]
    figures = [text.spread(metric, row.mean, row.sd), text.count(row.n, row.unfinished)]
    if not has_tests(comparison):
        return [*values, *figures]
    tests = [text.probability(row.p)] if comparison.is_tested else []
    if comparison.is_paired:
        found = row.paired
        tests += (
            ["", ""]
            if found is None
            else [
                text.interval(metric, found.mean, found.low, found.high),
                text.probability(found.p),
            ]
        )
    return [*values, *figures, *tests, "best" if row.best else ""]
