"""Sizes of the splits that are carved out of training examples: numbers, or shares."""

from typing import Any

EXPECTED = "expected 0, a number of examples, or a share of them below 1"


def is_size(value: Any) -> bool:
    """Return whether a value is a number of examples or a share of them.

    Example:
        >>> [is_size(value) for value in (0, 100, 0.2, 1.0, -1, float("nan"), True)]
        [True, True, True, False, False, False, False]
    """
    if isinstance(value, float):
        return 0 <= value < 1
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
