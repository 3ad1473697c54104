"""One of Optax's transformations: made so that a program can be given its numbers, and tried."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from darnax.builder.annotations import options
from darnax.builder.calls import DeferredCall, evaluate_calls
from darnax.builder.problems import format_value
from darnax.builder.signatures import SEEDS, qualified_name, signature_of
from darnax.builder.trials import choose_traced_numbers
from darnax.errors import first_line

PROBE = 1000  # steps per epoch, to try a transformation with
COUNTED = {
    "num_betas": 100,
    "ns_steps": 1000,
    "memory_size": 1000,
}  # arguments of Optax -> the most that anybody needs
MISSING = re.compile(r"missing \d+ required (?:keyword-only|positional) arguments?: (.*)")


def inject_numbers(call: DeferredCall, steps_per_epoch: int) -> Any:
    """Make a transformation whose numbers and schedules are read from its state.

    What the constructor does not annotate as a real number (a count, a function) shapes the
    computation and stays outside, and so does every number of a call whose numbers are compiled in.
    """
    parameters, _ = signature_of(call.factory)
    fixed = structural_arguments(call)
    arguments = {name: argument(value, steps_per_epoch) for name, value in call.arguments.items()}
    if call.compiled_in:
        fixed |= {name for name in parameters if not callable(arguments.get(name))}
    numbers = {
        n: float(v) if type(v) is int and n not in fixed else v for n, v in arguments.items()
    }
    return optax.inject_hyperparams(call.factory, static_args=fixed)(**numbers)


def argument(value: Any, steps_per_epoch: int) -> Any:
    """Make an argument: a transformation in another one has its numbers in the state as well."""
    result = evaluate_calls(value, steps_per_epoch)
    return (
        inject_numbers(value, steps_per_epoch)
        if isinstance(result, optax.GradientTransformation)
        else result
    )


def structural_arguments(call: DeferredCall) -> set[str]:
    """Name the parameters that shape the computation: seeds, and what is annotated as no real number."""
    parameters, hints = signature_of(call.factory)
    return {
        name
        for name in parameters
        if name in SEEDS or (name in hints and float not in options(hints[name]))
    }


def require_few(call: DeferredCall) -> None:
    """Raise ValueError where an argument counts what is made one by one, or kept, and counts too many."""
    for name, value in call.arguments.items():
        if isinstance(value, int) and value > COUNTED.get(name, value):
            raise ValueError(
                f"{qualified_name(call.factory)} got {name}={value}, expected {COUNTED[name]} at most"
            )
        for inner in value if isinstance(value, list | tuple) else (value,):
            if isinstance(inner, DeferredCall):
                require_few(inner)


def check_transformation(call: DeferredCall) -> DeferredCall:
    """Return the call as a program can make it; raise ValueError if that cannot take steps."""
    require_few(call)
    try:
        return tried(call)
    except Exception as error:  # Optax asserts, raises ValueError, TypeError, …
        raise ValueError(reason(call, error)) from error


def tried(call: DeferredCall) -> DeferredCall:
    """Return the call as a program can make it; what goes wrong may be any exception."""
    result = make_with_plain_numbers(call, PROBE)
    if not isinstance(result, optax.GradientTransformation):
        raise ValueError(
            f"makes a {type(result).__name__}, expected one of Optax's transformations, such as optax.sgd"
        )
    return choose_traced_numbers(call, take_steps, try_part)


def make_with_plain_numbers(call: DeferredCall, steps_per_epoch: int) -> Any:
    """Make what a call makes of plain numbers, for the constructor to look at them."""
    try:
        return call(steps_per_epoch)
    except Exception:  # of constructors that compute with their arguments, and get schedules
        arguments = {
            name: evaluate_calls(value, steps_per_epoch) for name, value in call.arguments.items()
        }
        schedules = [
            name
            for name, value in arguments.items()
            if callable(value) and name not in structural_arguments(call)
        ]
        if not schedules:
            raise
        return call.factory(**arguments | {name: float(arguments[name](0)) for name in schedules})


def take_steps(call: DeferredCall) -> Any:
    """Take steps with a transformation."""
    return loop(inject_numbers(call, PROBE), {"w": jnp.ones((2, 2))})


def loop(transformation: optax.GradientTransformation, parameters: Any) -> Any:
    """Take steps from these parameters, in a loop as a run does."""

    def step(_: Any, carry: Any) -> Any:
        parameters, state = carry
        updates, state = transformation.update(parameters, state, parameters)
        return eqx.apply_updates(parameters, updates), state

    return jax.lax.fori_loop(0, 2, step, (parameters, transformation.init(parameters)))


def try_part(call: DeferredCall) -> Any:
    """Try an argument by itself: a transformation takes steps, a schedule is asked for a number."""
    result = call(PROBE)
    if isinstance(result, optax.GradientTransformation):
        return take_steps(call)
    return result(jnp.zeros([], jnp.int32)) if callable(result) else None


def reason(call: DeferredCall, error: Exception) -> str:
    """Say why a transformation cannot be made, or take steps; which argument it is, if it is one."""
    why = in_words(qualified_name(call.factory), error)
    for name in is_dispensable(call):
        value = call.arguments[name]
        rest = {other: given for other, given in call.arguments.items() if other != name}
        try:
            tried(replace(call, arguments=rest))
        except Exception:  # whatever it is, it is not this argument, or not this one alone
            continue
        if isinstance(value, DeferredCall) and callable(evaluate_calls(value, PROBE)):
            return f"{qualified_name(call.factory)} cannot use a schedule for {name} ({why}); give it a number"
        given = (
            qualified_name(value.factory)
            if isinstance(value, DeferredCall)
            else format_value(value)
        )
        return f"{qualified_name(call.factory)} cannot use {given} for {name} ({why})"
    return why


def is_dispensable(call: DeferredCall) -> Iterator[str]:
    """Yield the names of the arguments that may be left out."""
    parameters, _ = signature_of(call.factory)
    for name in call.arguments:
        if name in parameters and parameters[name].default is not parameters[name].empty:
            yield name


def in_words(name: str, error: Exception) -> str:
    """Say for a person what an exception says about the transformation of that name."""
    message = first_line(error)
    if isinstance(error, jax.errors.ConcretizationTypeError):
        return f"{name} decides in Python by a number that changes from step to step"
    if missing := MISSING.search(message):
        return f"{name} needs {missing[1]} in every step: these come with a loss, and local rules have none"
    if "carry" in message and "equal types" in str(error):
        return f"{name} would keep a state that changes its type from step to step"
    if "pytree" in message.lower() or "reduction_axis" in message:
        return (
            f"{name} needs a tree in the shape of the network, which a configuration cannot write"
        )
    if isinstance(error, ValueError):
        return message
    kind = "" if isinstance(error, TypeError) else f"{type(error).__name__}: "
    return f"{name} does not accept these arguments: {kind}{message}"
