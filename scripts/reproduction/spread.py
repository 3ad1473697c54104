"""Mean ± standard deviation as text, and the numbers in it."""

from collections.abc import Sequence
from statistics import fmean, stdev

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
