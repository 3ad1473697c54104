"""The points of a grid: every combination of the values that the sweep's overrides give."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hydra.core.override_parser.types import Override, OverrideType

from darnax.errors import Problem, RequestError

MOST = 100_000  # points of a grid, or values of a key
DIGITS = 12  # significant digits of a number in a range: 0.1 + 0.2 is 0.3
ENDLESS = (
    "an interval has infinitely many values; search it with hydra/sweeper=optuna, "
    "or write range(…) or choice(…)"
)


def list_grid(asked: Sequence[Override]) -> list[list[str]]:
    """Return the overrides of every point, in the order of the overrides.

    Raises:
        RequestError: a key has infinitely many values, or there are more than `MOST` points.
    """
    endless = [
        Problem(str(override.input_line), ENDLESS)
        for override in asked
        if override.is_sweep_override() and not override.is_discrete_sweep()
    ]
    if endless:
        raise RequestError(*endless)
    values = [as_single_overrides(override) for override in effective_overrides(asked)]
    count = math.prod(map(len, values))
    if count > MOST:
        what = f"got {count} points, expected at most {MOST}; give fewer values"
        raise RequestError(Problem("", what))
    return [list(point) for point in itertools.product(*values)]


def effective_overrides(asked: Sequence[Override]) -> list[Override]:
    """Drop overrides that a later one for the same key replaces; Hydra merges dictionaries.

    `+key=1 key=2` adds the key with the last value.
    """
    kept: dict[str, list[Override]] = {}
    for override in asked:
        before = kept.setdefault(override.get_key_element().lstrip("+"), [])
        if not all(map(is_dictionary, [*before, override])):
            if before and override.type == OverrideType.CHANGE:
                override = keep_sign(before[-1], override)
            before.clear()
        before.append(override)
    return list(itertools.chain(*kept.values()))


def keep_sign(before: Override, override: Override) -> Override:
    """Return an override with the leading `+` or `++` of the one that it replaces."""
    key = before.get_key_element()
    sign = key[: len(key) - len(key.lstrip("+"))]
    if not sign:
        return override
    return replace(override, type=before.type, input_line=f"{sign}{override.input_line}")


def is_dictionary(override: Override) -> bool:
    """Return whether every value of an override is a dictionary."""
    if not override.is_sweep_override():
        return value_text(override).startswith("{")
    if not override.is_discrete_sweep():
        return False
    return all(value.startswith("{") for value in list_values(override))


def as_single_overrides(override: Override) -> list[str]:
    """Return one override for each value of an override."""
    if not override.is_sweep_override():
        return [str(override.input_line)]
    return [f"{override.get_key_element()}={value}" for value in list_values(override)]


def value_text(override: Override) -> str:
    """Return the text after the equals sign."""
    return str(override.input_line).partition("=")[2].strip()


def list_values(override: Override) -> list[str]:
    """Return the values of a swept override as one would type them, those of a range shortened."""
    found = list(itertools.islice(override.sweep_string_iterator(), MOST + 1))
    if len(found) > MOST:
        what = f"has more than {MOST} values; give fewer"
        raise RequestError(Problem(str(override.input_line), what))
    if not override.is_range_sweep():
        return found
    given: Any = override.value()
    stop = float(shorten_float(str(float(given.stop))))
    shortened = [shorten_float(number) for number in found]
    # A range excludes its stop, which rounding errors of the step may have included.
    return [number for number in shortened if float(number) != stop]


def shorten_float(number: str) -> str:
    """Drop the rounding error that adding up steps has left in the last digits of a number.

    Example:
        >>> shorten_float("0.30000000000000004"), shorten_float("3")
        ('0.3', '3')
    """
    is_integer = not set(number) & set(".e")
    return number if is_integer else repr(float(f"{float(number):.{DIGITS}g}"))
