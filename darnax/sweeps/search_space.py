"""Hydra's sweep grammar as Optuna's distributions: interval(0.3,0.9), range(1,9), choice(a,b), tag(log,interval(1e-4,1))."""

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
from darnax.sweeps.grid import effective_overrides, values

DIGITS = 4  # of a drawn number; the journal has all
LITTLE = "there is nothing to search in; give a key several values: KEY=interval(0.1,0.9), range(1,9) or choice(a,b)"


@dataclass(frozen=True)
class Space:
    """What a search chooses from.

    Args:
        distributions: by the key of an override.
        fixed: the overrides that all points share.
    """

    distributions: Mapping[str, BaseDistribution]
    fixed: Sequence[str]

    @classmethod
    def of(cls, overrides: Sequence[Override]) -> "Space":
        """Sort the overrides of a sweep; of several for one key the last one counts, of dictionaries all."""
        counting = effective_overrides(overrides)
        distributions: dict[str, BaseDistribution] = {}
        problems = []
        for override in counting:
            key = override.get_key_element()
            if key in distributions:
                problems.append(
                    Problem(
                        str(override.input_line),
                        f"{key} has several values before; give all of them at once",
                    )
                )
            elif override.is_sweep_override():
                try:
                    distributions[key] = distribution(override)
                except ValueError as error:
                    problems.append(Problem(str(override.input_line), first_line(error)))
        if problems or not distributions:
            raise RequestError(*problems or [Problem("hydra/sweeper=optuna", LITTLE)])
        return cls(
            distributions,
            [str(o.input_line) for o in counting if o.get_key_element() not in distributions],
        )

    def trials(self) -> Iterator[dict[str, Any]]:
        """Yield the first value of every key together, and then each other value with the first ones of the other keys."""
        ends = {key: bounds(drawn) for key, drawn in self.distributions.items()}
        first = {key: choices[0] for key, choices in ends.items()}
        yield first
        for key, choices in ends.items():
            for value in choices[1:]:
                yield first | {key: value}

    def overrides(self, drawn: Mapping[str, Any]) -> list[str]:
        """Write a point as overrides."""
        return [
            *(
                f"{key}={written(drawn[key], self.distributions[key])}"
                for key in self.distributions
            ),
            *self.fixed,
        ]


def bounds(distribution: BaseDistribution) -> list[Any]:
    """Return the values of a choice, or the smallest and the largest of numbers."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    return list(dict.fromkeys((distribution.low, distribution.high)))


def written(value: Any, distribution: BaseDistribution) -> Any:
    """Leave out the digits of a drawn number that nobody wants to read, unless the rest is outside of the distribution."""
    if not isinstance(distribution, FloatDistribution):
        return value
    short = float(f"{value:.{DIGITS}g}")
    return short if distribution.low <= short <= distribution.high else value


def distribution(override: Override) -> BaseDistribution:
    """Return what the values of a sweep are drawn from; those of a choice are words, as they would be typed.

    Raises:
        ValueError: the values make no sense together.
    """
    match override.value():
        case IntervalSweep(start=int(low), end=int(high), tags=tags):
            return IntDistribution(low, high, log="log" in tags)
        case IntervalSweep(start=float(low), end=float(high), tags=tags):
            return FloatDistribution(low, high, log="log" in tags)
        case RangeSweep(step=step, tags=tags):
            numbers = list(map(float, values(override)))
            if not numbers:
                raise ValueError("there is no value in this range")
            low, high, log = min(numbers), max(numbers), "log" in tags
            if all(number.is_integer() for number in numbers):
                return IntDistribution(
                    int(low), int(high), log=log, step=1 if log else abs(int(step))
                )
            return FloatDistribution(low, high, log=log, step=None if log else abs(step))
    return CategoricalDistribution(values(override))
