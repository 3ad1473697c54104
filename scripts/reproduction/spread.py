"""Mean ± standard deviation as text, and the numbers in it."""

from collections.abc import Sequence
from statistics import fmean, stdev

from scipy.stats import ttest_rel

from darnax.reports.text import probability

SEPARATOR = " ± "


def format_spread(values: Sequence[float], digits: int) -> str:
    """Return mean ± standard deviation; of one value itself, without values "".

    Example:
        >>> format_spread([0.1, 0.3], 2), format_spread([0.1], 2), format_spread([], 2)
        ('0.20 ± 0.14', '0.10', '')
    """
    mean = f"{fmean(values):.{digits}f}" if values else ""
    deviation = f"{SEPARATOR}{stdev(values):.{digits}f}" if len(values) > 1 else ""
    return mean + deviation


def read_spreads(cells: Sequence[str]) -> tuple[list[float], list[float]]:
    """Return the means and the standard deviations in cells that `format_spread` has made.

    Example:
        >>> read_spreads(["0.20 ± 0.14", "1.0 ± 0.5"])
        ([0.2, 1.0], [0.14, 0.5])
    """
    pairs = [cell.split(SEPARATOR) for cell in cells]
    return [float(mean) for mean, _ in pairs], [float(deviation) for _, deviation in pairs]


def read_mean(cell: str) -> float:
    """Return the mean in a cell that `format_spread` has made of one value or several.

    Example:
        >>> read_mean("0.20 ± 0.14"), read_mean("0.10")
        (0.2, 0.1)
    """
    return float(cell.partition(SEPARATOR)[0])


def compare_pairs(ones: Sequence[float], others: Sequence[float]) -> tuple[str, str]:
    """Return the mean difference of pairs of accuracies in points with its interval, and p."""
    test = ttest_rel(ones, others)
    interval = test.confidence_interval(0.95)
    mean = fmean(one - other for one, other in zip(ones, others, strict=True))
    low, high = 100 * interval.low, 100 * interval.high
    return f"{100 * mean:+.1f} [{low:.1f}, {high:.1f}]", probability(float(test.pvalue))


def format_pairs(ones: Sequence[float], others: Sequence[float]) -> str:
    """Return the mean difference of pairs of accuracies in points, its interval and p, as text."""
    difference, p = compare_pairs(ones, others)
    return f"{difference}, p {p}" if p else difference
