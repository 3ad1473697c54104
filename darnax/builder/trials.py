"""Try calls with traced numbers, as a compiled program makes them; nothing is compiled."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from types import FunctionType
from typing import Any

import jax

from darnax.builder.constructor import Constructor
from darnax.builder.deferred_call import DeferredCall
from darnax.runner.structure import Structure

Evaluation = Callable[[DeferredCall], Any]


def choose_traced_numbers(
    call: DeferredCall,
    evaluate: Callable[[Any], Any],
    evaluate_part: Evaluation,
    within: Callable[[DeferredCall], Any] = lambda call: call,
) -> DeferredCall:
    """Return the call with its numbers traced, or compiled in where that fails.

    The calls among its arguments are tried first, each by itself, with `evaluate_part`. One that
    fails both ways stays as it is: the error then comes from the outer call.

    Args:
        call: to be tried.
        evaluate: a function of `within(call)`. Calls that differ in numbers alone, as in a sweep,
            are tried once.
        evaluate_part: a function of a call among the arguments.
        within: returns a pytree that contains the call.

    Raises:
        Exception: whatever `evaluate` raises with the numbers compiled in.
    """
    arguments = dict(call.arguments)
    for name, value in arguments.items():
        if isinstance(value, DeferredCall):
            try:
                arguments[name] = choose_traced_numbers(value, evaluate_part, evaluate_part)
            except Exception:  # constructors of other packages may raise anything
                continue
    call = replace(call, arguments=arguments)
    # Python control flow on a number fails while it is traced, but not on its value. That of a
    # constructor, such as a layout of weights, fails in the outer call alone, which calls it.
    laid_out = with_constructors_compiled_in(call)
    bases = [call] if Structure.of(laid_out) == Structure.of(call) else [call, laid_out]
    *attempts, last = [*bases, *(base.with_numbers_compiled_in() for base in bases)]
    for attempt in attempts:
        try:
            trace(evaluate, within(attempt))
        except Exception:  # constructors of other packages may raise anything
            continue
        return attempt
    trace(evaluate, within(last))
    return last


def with_constructors_compiled_in(call: DeferredCall) -> DeferredCall:
    """Return the call with the numbers of the constructors among its arguments constant."""
    arguments = dict(call.arguments)
    for name, value in arguments.items():
        if isinstance(value, DeferredCall):
            inner = with_constructors_compiled_in(value)
            is_constructor = isinstance(value.factory, Constructor)
            arguments[name] = inner.with_numbers_compiled_in() if is_constructor else inner
    return replace(call, arguments=arguments)


def trace(evaluate: Callable[[Any], Any], call: Any) -> None:
    """Trace `evaluate` with abstract values for all numbers of the call, as in a run."""
    if not isinstance(evaluate, FunctionType):  # it holds an experiment, which is not to be kept
        jax.eval_shape(evaluate, as_abstract(call))
        return
    trace_structure(evaluate, Structure.of(call))


@lru_cache(maxsize=1000)
def trace_structure(evaluate: FunctionType, structure: Structure) -> None:
    """Trace `evaluate` with a call of this structure; one that did not fail is not traced again."""
    jax.eval_shape(evaluate, structure.abstract())


def as_abstract(tree: Any) -> Any:
    """Return a tree of numbers with each replaced by its shape."""
    return Structure.of(tree).abstract()
