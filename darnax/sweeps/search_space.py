"""Translates Hydra's sweep grammar into Optuna's distributions.

The grammar: interval(0.3,0.9), range(1,9), choice(a,b), tag(log,interval(1e-4,1)).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from darnax.errors import Problem, RequestError, first_line
from darnax.sweeps.grid import effective_overrides, list_values

DIGITS = 4  # significant digits of a drawn number; the journal has all
LITTLE = (
    "got one value for every key, expected several for at least one; "
    "write KEY=interval(0.1,0.9), range(1,9) or choice(a,b)"
)


@dataclass(frozen=True)
class Space:
    """What a search draws points from.

    Args:
        distributions: by the key of an override.
        asked: the key and the text of every override, those of `distributions` once, in the order
            in which a point has them: a key may be added by the one before.
    """

    distributions: Mapping[str, BaseDistribution]
    asked: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, overrides: Sequence[Override]) -> "Space":
        """Split the overrides of a sweep into keys to search over and fixed ones.

        Of several overrides of one key the last is used; dictionaries are merged.
        """
        effective = effective_overrides(overrides)
        distributions: dict[str, BaseDistribution] = {}
        problems = []
        for override in effective:
            key, line = override.get_key_element(), str(override.input_line)
            if key in distributions:
                what = f"{key} is searched over already; give all its values in one override"
                problems.append(Problem(line, what))
            elif override.is_sweep_override():
                try:
                    distributions[key] = as_distribution(override)
                except ValueError as error:
                    problems.append(Problem(line, first_line(error)))
        if problems or not distributions:
            raise RequestError(*problems or [Problem("hydra/sweeper=optuna", LITTLE)])
        asked = [(each.get_key_element(), str(each.input_line)) for each in effective]
        return cls(distributions, asked)

    def trials(self) -> Iterator[dict[str, Any]]:
        """Yield the first values of all keys, then each other value with the first of the rest."""
        choices = {key: extremes(drawn) for key, drawn in self.distributions.items()}
        first = {key: values[0] for key, values in choices.items()}
        yield first
        for key, values in choices.items():
            for value in values[1:]:
                yield first | {key: value}

    def overrides(self, drawn: Mapping[str, Any]) -> list[str]:
        """Return the overrides of the point with these drawn values."""
        lines = []
        for key, line in self.asked:
            if key in self.distributions:
                line = f"{key}={round_drawn(drawn[key], self.distributions[key])}"
            lines.append(line)
        return lines


def extremes(distribution: BaseDistribution) -> list[Any]:
    """Return all values of a choice, or the smallest and the largest of numbers."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    return list(dict.fromkeys((distribution.low, distribution.high)))


def round_drawn(value: Any, distribution: BaseDistribution) -> Any:
    """Round a drawn number to `DIGITS`, unless that leaves its distribution."""
    if not isinstance(distribution, FloatDistribution):
        return value
    rounded = float(f"{value:.{DIGITS}g}")
    return rounded if distribution.low <= rounded <= distribution.high else value


def as_distribution(override: Override) -> BaseDistribution:
    """Return the distribution of an override's values; those of a choice are text, as typed.

    Raises:
        ValueError: a range has no value, or Optuna refuses the limits.
    """
    match override.value():
        case IntervalSweep(start=int(low), end=int(high), tags=tags):
            return IntDistribution(low, high, log="log" in tags)
        case IntervalSweep(start=float(low), end=float(high), tags=tags):
            return FloatDistribution(low, high, log="log" in tags)
        case RangeSweep(step=step, tags=tags):
            numbers = list(map(float, list_values(override)))
            if not numbers:
                raise ValueError("there is no value in this range")
            low, high, log = min(numbers), max(numbers), "log" in tags
            if all(number.is_integer() for number in numbers):
                integer_step = 1 if log else abs(int(step))
                return IntDistribution(int(low), int(high), log=log, step=integer_step)
            return FloatDistribution(low, high, log=log, step=None if log else abs(step))
    return CategoricalDistribution(list_values(override))
