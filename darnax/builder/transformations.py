"""Make transformations of Optax whose numbers are inputs of compiled programs, and check them."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from darnax.builder.annotations import union_members
from darnax.builder.deferred_call import DeferredCall, evaluate_calls
from darnax.builder.problems import format_value
from darnax.builder.signatures import SEEDS, qualified_name, signature_of
from darnax.builder.trials import choose_traced_numbers
from darnax.errors import first_line

PROBE = 1000  # steps per epoch with which transformations are checked
# Counts that are unrolled or allocated -> the largest useful value. Larger ones take too long to
# compile, or too much memory.
LARGEST_COUNTS = {"num_betas": 100, "ns_steps": 1000, "memory_size": 1000}
MISSING = re.compile(r"missing \d+ required (?:keyword-only|positional) arguments?: (.*)")


def inject_numbers(call: DeferredCall, steps_per_epoch: int) -> Any:
    """Make a transformation whose numbers and schedules are in its state.

    Arguments that are not annotated as real numbers (counts, functions) shape the computation and
    stay constant, and so do all numbers of a call whose numbers are compiled in.
    """
    parameters, _ = signature_of(call.factory)
    constant = structural_arguments(call)
    arguments = {
        name: make_argument(value, steps_per_epoch) for name, value in call.arguments.items()
    }
    if call.compiled_in:
        constant |= {name for name in parameters if not callable(arguments.get(name))}
    for name, value in arguments.items():
        if type(value) is int and name not in constant:
            arguments[name] = float(value)  # Optax injects floats only
    return optax.inject_hyperparams(call.factory, static_args=constant)(**arguments)


def make_argument(value: Any, steps_per_epoch: int) -> Any:
    """Make an argument; an inner transformation has its numbers in the state as well."""
    result = evaluate_calls(value, steps_per_epoch)
    if isinstance(result, optax.GradientTransformation):
        return inject_numbers(value, steps_per_epoch)
    return result


def structural_arguments(call: DeferredCall) -> set[str]:
    """Return the parameters that shape the computation: seeds, and those not annotated as real."""
    parameters, hints = signature_of(call.factory)
    structural = set()
    for name in parameters:
        is_annotated_otherwise = name in hints and float not in union_members(hints[name])
        if name in SEEDS or is_annotated_otherwise:
            structural.add(name)
    return structural


def require_small_counts(call: DeferredCall) -> None:
    """Raise ValueError if a count in the call, or in a call inside it, is too large."""
    for name, value in call.arguments.items():
        if isinstance(value, int) and value > LARGEST_COUNTS.get(name, value):
            got = f"{qualified_name(call.factory)} got {name}={value}"
            raise ValueError(f"{got}, expected {LARGEST_COUNTS[name]} at most")
        for inner in value if isinstance(value, list | tuple) else (value,):
            if isinstance(inner, DeferredCall):
                require_small_counts(inner)


def check_transformation(call: DeferredCall) -> DeferredCall:
    """Return the call that a compiled program can make, with numbers traced where possible.

    Raises:
        ValueError: the transformation cannot be made, or cannot take steps.
    """
    require_small_counts(call)
    try:
        return try_transformation(call)
    except Exception as error:  # Optax asserts, raises ValueError, TypeError, …
        raise ValueError(find_reason(call, error)) from error


def try_transformation(call: DeferredCall) -> DeferredCall:
    """Return the call that a compiled program can make.

    Raises:
        Exception: whatever the constructor, or a step, raises.
    """
    result = make_with_plain_numbers(call, PROBE)
    if not isinstance(result, optax.GradientTransformation):
        expected = "expected one of Optax's transformations, such as optax.sgd"
        raise ValueError(f"makes a {type(result).__name__}, {expected}")
    return choose_traced_numbers(call, take_steps, try_part)


def make_with_plain_numbers(call: DeferredCall, steps_per_epoch: int) -> Any:
    """Evaluate a call with Python numbers, so that the constructor can check their values."""
    try:
        return call(steps_per_epoch)
    except Exception:
        # Some constructors compute with their arguments, which fails for a schedule: try again
        # with the first value of every schedule.
        arguments = {
            name: evaluate_calls(value, steps_per_epoch) for name, value in call.arguments.items()
        }
        structural = structural_arguments(call)
        first_values = {}
        for name, value in arguments.items():
            if callable(value) and name not in structural:
                first_values[name] = float(value(0))
        if not first_values:
            raise
        return call.factory(**arguments | first_values)


def take_steps(call: DeferredCall) -> Any:
    """Take steps with a transformation."""
    return update_in_loop(inject_numbers(call, PROBE), {"w": jnp.ones((2, 2))})


def update_in_loop(transformation: optax.GradientTransformation, parameters: Any) -> Any:
    """Take steps from these parameters, in a compiled loop as a run does."""

    def step(_: Any, carry: Any) -> Any:
        parameters, state = carry
        updates, state = transformation.update(parameters, state, parameters)
        return eqx.apply_updates(parameters, updates), state

    # As in the loop of a run, a state whose types change from step to step is an error.
    return jax.lax.fori_loop(0, 2, step, (parameters, transformation.init(parameters)))


def try_part(call: DeferredCall) -> Any:
    """Try an argument by itself: a transformation takes steps, a schedule is evaluated."""
    result = call(PROBE)
    if isinstance(result, optax.GradientTransformation):
        return take_steps(call)
    return result(jnp.zeros([], jnp.int32)) if callable(result) else None


def find_reason(call: DeferredCall, error: Exception) -> str:
    """Return why a transformation cannot be made or take steps, with the argument at fault if any.

    An argument is at fault if the transformation works without it.
    """
    constructor = qualified_name(call.factory)
    reason = explain_error(constructor, error)
    for name in optional_arguments(call):
        value = call.arguments[name]
        rest = {other: given for other, given in call.arguments.items() if other != name}
        try:
            try_transformation(replace(call, arguments=rest))
        except Exception:  # not this argument, or not this one alone
            continue
        if not isinstance(value, DeferredCall):
            return f"{constructor} cannot use {format_value(value)} for {name} ({reason})"
        if callable(evaluate_calls(value, PROBE)):
            what = f"{constructor} cannot use a schedule for {name} ({reason})"
            return f"{what}; give it a number"
        return f"{constructor} cannot use {qualified_name(value.factory)} for {name} ({reason})"
    return reason


def optional_arguments(call: DeferredCall) -> Iterator[str]:
    """Yield the names of the arguments that may be left out."""
    parameters, _ = signature_of(call.factory)
    for name in call.arguments:
        if name in parameters and parameters[name].default is not parameters[name].empty:
            yield name


def explain_error(name: str, error: Exception) -> str:
    """Return an error message for an exception of the transformation called `name`."""
    message = first_line(error)
    if isinstance(error, jax.errors.ConcretizationTypeError):
        return f"{name} decides in Python by a number that changes from step to step"
    missing = MISSING.search(message)
    if missing:
        what = f"{name} needs {missing[1]} in every step"
        return f"{what}: these come with a loss, and local rules have none"
    if "carry" in message and "equal types" in str(error):
        return f"{name} would keep a state that changes its type from step to step"
    if "pytree" in message.lower() or "reduction_axis" in message:
        what = f"{name} needs a tree in the shape of the network"
        return f"{what}, which a configuration cannot write"
    if isinstance(error, ValueError):
        return message
    kind = "" if isinstance(error, TypeError) else f"{type(error).__name__}: "
    return f"{name} does not accept these arguments: {kind}{message}"
