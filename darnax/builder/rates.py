"""The part of the section `optimizer` that applies to a module, and its learning rate as text."""

import inspect
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from darnax.builder.deferred_call import DeferredCall, evaluate_calls
from darnax.builder.optimizers import Groups, Transformation
from darnax.builder.signatures import qualified_name
from darnax.builder.transformations import PROBE

RATE = "learning_rate"


def find_transformation(
    name: str, optimizer: Groups, group_keys: Sequence[str]
) -> tuple[str, Transformation]:
    """Return the transformation that applies to a module, after its key in the section.

    Args:
        name: of the module.
        optimizer: of the section.
        group_keys: the keys of `optimizer.groups`, as written in the configuration.
    """
    groups = zip(group_keys, optimizer.globs, optimizer.groups, strict=True)
    for key, glob, transformation in groups:
        if fnmatchcase(name, glob):
            return f"groups.{key}", transformation
    return "default", optimizer.default


def describe_rate(transformation: Transformation) -> str:
    """Return the learning rate: a number, or a schedule with its value at the first step.

    It is empty where it is not known.
    """
    return ", ".join(filter(None, map(describe_rate_of_call, transformation.calls)))


def describe_rate_of_call(call: DeferredCall) -> str:
    """Return the learning rate of one constructor."""
    parameters = inspect.signature(call.factory).parameters
    if RATE not in parameters:
        return ""
    value = call.arguments.get(RATE, parameters[RATE].default)
    if isinstance(value, DeferredCall):
        name = qualified_name(value.factory).removesuffix("_schedule")
        first = evaluate_first(value)
        return name if first is None else f"{name} from {first:.4g}"
    return f"{value:.4g}" if isinstance(value, int | float) else ""


def evaluate_first(schedule: DeferredCall) -> float | None:
    """Return the value of a schedule at step 0, or None if it cannot be evaluated here."""
    try:
        # With any number of steps per epoch: at step 0 it has no effect.
        function: Callable[[int], Any] = evaluate_calls(schedule, PROBE)
        return float(function(0))
    except Exception:  # schedules of other packages may do anything
        return None
