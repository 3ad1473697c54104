"""Ranges of numbers: the values that an argument of a constructor may have."""

import math
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np


@dataclass(frozen=True)
class Range:
    """Numbers from `lowest` to `highest`, as an annotation: `rate: Annotated[ArrayLike, SHARE]`.

    The builder then refuses a configuration with another number, and the constructor calls
    `require`.

    Args:
        lowest: the least number.
        highest: the largest number.
        above: whether `lowest` itself is left out.

    Example:
        >>> POSITIVE.require("temperature", -1.0)
        Traceback (most recent call last):
            ...
        ValueError: temperature: got -1.0, expected a number above 0
    """

    lowest: float
    highest: float = math.inf
    above: bool = False

    def require(self, name: str, value: Any) -> None:
        """Raise ValueError for a number outside; one that is traced, or None, is not checked.

        Args:
            name: of the argument, for the message; may be empty.
            value: one number or several.
        """
        if value is None or isinstance(value, jax.core.Tracer):
            return
        numbers = np.asarray(value)
        over = numbers > self.lowest if self.above else numbers >= self.lowest
        if not np.all(over & (numbers <= self.highest)):
            got = f"{name}: got {value}" if name else f"got {value}"
            raise ValueError(f"{got}, expected {self}")

    def __str__(self) -> str:
        lowest, highest = f"{self.lowest:g}", f"{self.highest:g}"
        if math.isinf(self.highest):
            return f"a number above {lowest}" if self.above else f"a number of {lowest} or more"
        return f"a number from {lowest} to {highest}"


POSITIVE = Range(0, above=True)
NOT_NEGATIVE = Range(0)
SHARE = Range(0, 1)
