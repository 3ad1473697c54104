"""Evaluates observables, and checks the names under which their values are logged."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from darnax.observables.interface import Metrics, Observable, StepContext

# The first parts of the names of metrics that every run logs, and the other keys of a row.
BUILT_IN = (
    "train",
    "eval",
    "test",
    "best",
    "relax",
    "overlap",
    "unstable",
    "norm",
    "update",
    "operations",
    "time",
    "step",
    "epoch",
)
CHANCE = "at_chance"  # `<set>/at_chance` marks an accuracy that is no better than guessing


def require_names(names: Mapping[str, Any]) -> None:
    """Raise ValueError for the name of an observable that a metric of every run begins with."""
    for name in names:
        if name in BUILT_IN:
            taken = ", ".join(BUILT_IN)
            raise ValueError(f"{name} is taken by what every run logs; choose none of {taken}")


def measure(observables: Mapping[str, Observable], step: StepContext) -> Metrics:
    """Return the values of observables, `<name>` or `<name>/<key>`.

    Raises:
        ValueError: a name is taken, or a value is not a number.
    """
    require_names(observables)
    metrics: Metrics = {}
    for name, observable in observables.items():
        found = observable(step)
        parts = found if isinstance(found, Mapping) else {"": found}
        for key, value in parts.items():
            metrics[metric_name(name, key)] = as_float32(value, key or name)
    return metrics


def metric_name(name: str, key: Any) -> str:
    """Return the name under which a value is logged; raise ValueError for a key that has none."""
    if not isinstance(key, str) or not key.isprintable():
        raise ValueError(f"got the key {key!r}, expected a printable name")
    if key == CHANCE:
        raise ValueError(f"the key {CHANCE} is taken by what every run logs; choose another")
    return f"{name}/{key}" if key else name


def as_float32(value: Any, what: str) -> Any:
    """Return a value as a number of 32 bits; raise ValueError for an array of several."""
    array = jnp.asarray(value)
    if array.shape != ():
        got = f"got an array of shape {list(array.shape)}"
        raise ValueError(f"{what}: {got}, expected a number; take its mean")
    # Metrics are summed over the batches of a chunk, in which their type must not change.
    return array.astype(jnp.float32)
