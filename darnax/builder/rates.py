"""Which part of the section `optimizer` a module's steps are made by, and how long they are, in a few words."""

import inspect
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from darnax.builder.calls import DeferredCall, evaluate_calls
from darnax.builder.optimizers import Groups, Transformation
from darnax.builder.signatures import qualified_name
from darnax.builder.transformations import PROBE

RATE = "learning_rate"


def source_of(name: str, optimizer: Groups, words: Sequence[str]) -> tuple[str, Transformation]:
    """Return the key of the section whose transformation treats the module called `name`, and the transformation.

    Args:
        name: of the module.
        optimizer: as it was read.
        words: the keys of `optimizer.groups`, as they are written.
    """
    groups = zip(words, optimizer.globs, optimizer.groups, strict=True)
    for word, glob, transformation in groups:
        if fnmatchcase(name, glob):
            return f"groups.{word}", transformation
    return "default", optimizer.default


def kinds_of(transformation: Transformation) -> str:
    """Return the names of Optax's constructors, in order."""
    return ", ".join(qualified_name(call.factory) for call in transformation.calls)


def rate_of(transformation: Transformation) -> str:
    """Return the learning rate: a number, or a schedule with its value at the first step; empty where it cannot be told."""
    return ", ".join(filter(None, (rate_in(call) for call in transformation.calls)))


def rate_in(call: DeferredCall) -> str:
    """Return the learning rate of one constructor."""
    parameters = inspect.signature(call.factory).parameters
    if RATE not in parameters:
        return ""
    value = call.arguments.get(RATE, parameters[RATE].default)
    if isinstance(value, DeferredCall):
        first = first_value(value)
        return qualified_name(value.factory).removesuffix("_schedule") + (
            "" if first is None else f" from {first:.4g}"
        )
    return f"{value:.4g}" if isinstance(value, int | float) else ""


def first_value(schedule: DeferredCall) -> float | None:
    """Return what a schedule says at step 0, or None where it cannot be asked outside of training."""
    try:
        function: Callable[[int], Any] = evaluate_calls(schedule, PROBE)
        return float(function(0))
    except Exception:  # schedules of other packages may do anything
        return None
