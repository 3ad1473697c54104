"""One point of a sweep, and what points are compared by; both are stored in sweep.json."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

from darnax.printing import count_of

ASIDE = ("paths", "tracking")  # paths and tracking change no result
# How Pydantic validates what it reads from a file: no other keys, and no conversion of values.
STRICT = {"extra": "forbid", "strict": True}


@dataclass(frozen=True)
class Point:
    """One configuration of a sweep.

    Args:
        overrides: that name it.
        config: the resolved configuration; None if the point is refused.
        refusal: why the point cannot run; "" if it can.
        composed: the configuration with its references kept.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    overrides: tuple[str, ...]
    config: Mapping[str, Any] | None
    refusal: str = ""
    composed: Mapping[str, Any] | None = None

    @property
    def content(self) -> dict[str, Any]:
        """The part of the configuration that decides the results."""
        return {key: value for key, value in (self.config or {}).items() if key not in ASIDE}

    @cached_property
    def identity(self) -> str:
        """A hash of the content, the same on every machine; of the overrides if it has none."""
        text = json.dumps(self.content or self.overrides, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


Here = Callable[[Point], Point]  # gives a point as it is on this machine


@dataclass(frozen=True)
class Objective:
    """What the points of a sweep are compared by, and how a search uses it.

    Args:
        metric: any name in metrics.jsonl.
        value: which of a run's values of the metric counts.
        direction: in which the metric improves.
        trials: number of points that the search will have; 0 for a grid.
        pruner: Optuna's pruner of unpromising runs; None: no run is pruned.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    metric: str = "eval/accuracy"
    value: Literal["best", "last"] = "last"
    direction: Literal["maximize", "minimize"] = "maximize"
    trials: int = 0
    pruner: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.trials < 0:
            raise ValueError(f"got {count_of(self.trials, 'trial')}, expected 0 or more")

    def better(self, values: Iterable[float]) -> float:
        """Return the best of some values; nan if there is none."""
        known = [value for value in values if not math.isnan(value)]
        return (max if self.direction == "maximize" else min)(known, default=math.nan)
