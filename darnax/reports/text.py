"""Values, metrics and durations as text for display."""

import json
import math
from collections import Counter
from collections.abc import Hashable, Sequence

from darnax.scores import format_spread

LARGE = 1e7  # a number from which on it is written with an exponent
ENCODER = json.JSONEncoder(default=str)


def leaf(value: Hashable) -> str:
    r"""Write a value of a configuration as in its YAML file; text that is not printable is quoted.

    A length of one epoch is in the singular: the files write `${runner.epochs} epochs`.

    Example:
        >>> leaf("relu"), leaf((1, None)), leaf("a\x1b[2J")
        ('relu', '[1, null]', '"a\\u001b[2J"')
        >>> leaf("1 epochs"), leaf("2 epochs")
        ('1 epoch', '2 epochs')
    """
    if value == "1 epochs":
        return "1 epoch"
    if isinstance(value, str) and value.isprintable():
        return value
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return repr(value)  # as JSON writes it, and far faster
    return ENCODER.encode(value)


def metric(name: str, value: float) -> str:
    """Write a value of a metric: an accuracy in percent, others in four digits, nothing for nan.

    Example:
        >>> metric("eval/accuracy", 0.97371), metric("norm/w_in", 282.98767)
        ('97.37%', '283')
        >>> metric("time/images_per_second", 13674.2)
        '13670'
        >>> metric("norm/w_in", float("nan"))
        ''
    """
    if math.isnan(value):
        return ""
    return f"{value:.2%}" if name.endswith("accuracy") else rounded(value, 4)


def rounded(value: float, digits: int) -> str:
    """Write a number in so many digits; without an exponent below ten millions.

    Example:
        >>> rounded(13674.2, 4), rounded(2.5e8, 4), rounded(0.00012345678, 4)
        ('13670', '2.5e+08', '0.0001235')
    """
    written = f"{value:.{digits}g}"
    return f"{float(written):.0f}" if 10**digits <= abs(value) < LARGE else written


def spread(name: str, mean: float, sd: float) -> str:
    """Write mean ± sd.

    Example:
        >>> spread("eval/accuracy", 0.97371, 0.0012)
        '97.37 ± 0.12%'
    """
    if math.isnan(mean) or math.isnan(sd):
        return metric(name, mean)
    if name.endswith("accuracy"):
        return format_spread(name, mean, sd)
    return f"{rounded(mean, 4)} ± {rounded(sd, 2)}"


def change(name: str, a: float, b: float) -> str:
    """Write b − a with its sign; percentage points for an accuracy.

    Example:
        >>> change("eval/accuracy", 0.97, 0.972), change("norm/w_in", 2.0, 1.5)
        ('+0.20 pp', '-0.5')
    """
    if math.isnan(b - a):
        return ""
    if name.endswith("accuracy"):
        return f"{100 * (b - a):+.2f} pp"
    return f"{'+' if b > a else ''}{rounded(b - a, 3)}"


def interval(name: str, mean: float, low: float, high: float) -> str:
    """Write a difference with its interval, unless this is nan; percentage points of an accuracy.

    Example:
        >>> interval("eval/accuracy", -0.004, -0.0061, -0.0019)
        '-0.40 [-0.61, -0.19]'
        >>> interval("norm/w_in", 1.0, 0.5, 1.5)
        '+1 [0.5, 1.5]'
        >>> interval("eval/accuracy", -0.004, math.nan, math.nan)
        '-0.40'
    """
    if name.endswith("accuracy"):
        difference, ends = f"{100 * mean:+.2f}", f" [{100 * low:.2f}, {100 * high:.2f}]"
    else:
        sign = "+" if mean > 0 else ""
        difference, ends = f"{sign}{rounded(mean, 3)}", f" [{rounded(low, 3)}, {rounded(high, 3)}]"
    return difference if math.isnan(low) else difference + ends


def probability(p: float) -> str:
    """Write a p-value, and nothing for nan.

    Example:
        >>> probability(0.0314), probability(2e-9)
        ('0.031', '<0.001')
    """
    if math.isnan(p):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.2g}"


def count(n: int | str, unfinished: Counter[str]) -> str:
    """Write how many runs are used, and how many are not finished.

    Example:
        >>> count(2, Counter(running=1))
        '2 (+1 running)'
    """
    if not unfinished:
        return str(n)
    others = [f"{many} {status}" for status, many in unfinished.items()]
    return f"{n} (+{', '.join(others)})"


def pairs(names: Sequence[str], values: Sequence[Hashable]) -> str:
    """Write `depth=2 j_d=0.9`."""
    return " ".join(f"{name}={leaf(value)}" for name, value in zip(names, values, strict=True))
