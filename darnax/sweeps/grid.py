"""The points of a grid: every combination of the values that the command line and the sweep's file give."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hydra.core.override_parser.types import Override, OverrideType

from darnax.errors import Problem, RequestError

MOST = 100_000  # points of a grid, or values of a key
DIGITS = 12  # of a number in a range: 0.1 + 0.2 is 0.3
ENDLESS = "an interval has no end of values; let Optuna choose with hydra/sweeper=optuna, or write range(…) or choice(…)"


def grid(asked: Sequence[Override]) -> list[list[str]]:
    """Return the overrides of every point, in the order of the words.

    Raises:
        RequestError: a key has no end of values, or there are more points than any sweep has.
    """
    if endless := [
        Problem(str(o.input_line), ENDLESS)
        for o in asked
        if o.is_sweep_override() and not o.is_discrete_sweep()
    ]:
        raise RequestError(*endless)
    values = [as_words(override) for override in effective_overrides(asked)]
    if (count := math.prod(map(len, values))) > MOST:
        raise RequestError(
            Problem("", f"got {count} points, expected at most {MOST}; give fewer values")
        )
    return [list(point) for point in itertools.product(*values)]


def effective_overrides(asked: Sequence[Override]) -> list[Override]:
    """Leave out what a later word for the same key replaces; dictionaries replace nothing, Hydra merges them.

    `+key=1 key=2` adds the key with the last value.
    """
    kept: dict[str, list[Override]] = {}
    for override in asked:
        before = kept.setdefault(override.get_key_element().lstrip("+"), [])
        if not all(map(is_dictionary, [*before, override])):
            if before and override.type == OverrideType.CHANGE:
                override = added_as(before[-1], override)
            before.clear()
        before.append(override)
    return list(itertools.chain(*kept.values()))


def added_as(before: Override, override: Override) -> Override:
    """Return an override that adds its key as the one before it did, which it replaces."""
    key = before.get_key_element()
    sign = key[: len(key) - len(key.lstrip("+"))]
    return (
        replace(override, type=before.type, input_line=f"{sign}{override.input_line}")
        if sign
        else override
    )


def is_dictionary(override: Override) -> bool:
    """Tell whether every value of an override is a dictionary."""
    if override.is_sweep_override() and not override.is_discrete_sweep():
        return False
    return all(
        value.startswith("{")
        for value in (values(override) if override.is_sweep_override() else [text(override)])
    )


def as_words(override: Override) -> list[str]:
    """Return an override once for each of its values."""
    if not override.is_sweep_override():
        return [str(override.input_line)]
    return [f"{override.get_key_element()}={value}" for value in values(override)]


def text(override: Override) -> str:
    """Return what stands behind the equals sign."""
    return str(override.input_line).partition("=")[2].strip()


def values(override: Override) -> list[str]:
    """Return the values of an override with several, as they would be typed; those of a range are short."""
    found = list(itertools.islice(override.sweep_string_iterator(), MOST + 1))
    if len(found) > MOST:
        raise RequestError(
            Problem(str(override.input_line), f"has more than {MOST} values; give fewer")
        )
    if not override.is_range_sweep():
        return found
    given: Any = override.value()
    stop = float(shorten_float(str(float(given.stop))))
    return [
        number for number in map(shorten_float, found) if float(number) != stop
    ]  # a range ends before its stop


def shorten_float(number: str) -> str:
    """Leave out what adding up steps has put at the end of a number.

    Example:
        >>> shortened("0.30000000000000004"), shortened("3")
        ('0.3', '3')
    """
    return repr(float(f"{float(number):.{DIGITS}g}")) if set(number) & set(".e") else number
