"""Whether modules fit where they stand, by their shapes alone: nothing is computed, nothing is compiled."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from darnax.builder.calls import DeferredCall
from darnax.builder.network import ModuleSpec, NetworkSpec
from darnax.builder.problems import Problems
from darnax.builder.trials import choose_traced_numbers
from darnax.builder.wiring import Size
from darnax.errors import first_line
from darnax.modules import Layer
from darnax.orchestrators import Orchestrator
from darnax.printing import count_of
from darnax.relaxation import Phase

BATCH = 2  # more than one, to see that the batch stays


def check_modules(plan: NetworkSpec, problems: Problems) -> NetworkSpec:
    """Return the plan as a program can make its modules, with numbers compiled in where a constructor decides by them.

    Every module that cannot be made, or whose message or update does not have the shape that its place asks for, is noted.
    """
    calls: dict[Any, DeferredCall] = {}
    for seat in plan.seats:
        kind = (seat.where, seat.sent, seat.received)
        if kind not in calls:
            calls[kind] = seat.call
            with problems.at(seat.where):
                calls[kind] = choose_traced_numbers(seat.call, partial(check_call, seat), construct)
    seats = tuple(
        replace(seat, call=calls[seat.where, seat.sent, seat.received]) for seat in plan.seats
    )
    return replace(plan, seats=seats)


def check_call(seat: ModuleSpec, call: DeferredCall) -> None:
    """Raise ValueError unless what this call makes fits in the place of the seat."""
    check_module(replace(seat, call=call))


def construct(call: DeferredCall) -> None:
    """Make an argument of a module."""
    call()


def check_module(seat: ModuleSpec) -> None:
    """Raise ValueError, with both shapes, unless the module fits in its place."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    module = infer_shapes(seat.make, key)
    x, y = buffer(seat.sent), buffer(seat.received)
    message = infer_shapes(
        lambda m, x, k: m(x, k),
        module,
        x,
        key,
        doing=f"its message from {seat.sent} to {seat.received}: ",
    )
    require_shape("its message", message, seat, seat.received)
    if isinstance(module, Layer):
        state = infer_shapes(
            lambda m, h: m.activation(m.reduce([h, h])),
            module,
            message,
            doing=f"its state of size {seat.received}: ",
        )
        require_shape("its state", state, seat, seat.received)
    update = infer_shapes(
        lambda m, x, y, h: m.backward(x, y, h),
        module,
        x,
        y,
        y,
        doing=f"its update between {seat.sent} and {seat.received}: ",
    )
    if shapes(update) != shapes(module):
        raise ValueError(
            f"{type(module).__name__}.backward returns {shapes(update)}, expected the module's {shapes(module)}"
        )


def check_reductions(
    plan: NetworkSpec, network: Orchestrator, phases: Iterable[Phase], problems: Problems
) -> None:
    """Note every layer that cannot reduce as many messages as some phase sends to it, given the network's shapes."""
    seen, choices = set(), sorted({phase.messages for phase in phases})
    for seat in plan.seats:
        _, receiver, sender = seat.place
        if receiver != sender:
            continue
        for messages in choices:
            count = sum(
                network.sends(messages, i, j) for i, j in network.layer_map.edges if i == receiver
            )
            if (seat.where, count) not in seen:
                seen.add((seat.where, count))
                with problems.at(seat.where):
                    layer = network.layer_map[receiver, receiver]
                    infer_shapes(
                        lambda m, h: m.reduce(h),
                        layer,
                        [buffer(seat.received)] * count,
                        doing=f"{count_of(count, 'message')}: ",
                    )


def infer_shapes(function: Any, *arguments: Any, doing: str = "") -> Any:
    """Return the shapes of a result; whatever goes wrong is a ValueError with its first line, after what was being done."""
    try:
        return eqx.filter_eval_shape(function, *arguments)
    except ValueError as error:
        raise ValueError(f"{doing}{first_line(error)}") from error
    except Exception as error:  # modules of other packages may raise anything
        raise ValueError(f"{doing}{type(error).__name__}: {first_line(error)}") from error


def buffer(size: Size) -> jax.ShapeDtypeStruct:
    """Return the shape of a buffer with a batch."""
    return jax.ShapeDtypeStruct((BATCH, *size), jnp.float32)


def require_shape(what: str, value: Any, seat: ModuleSpec, expected: Size) -> None:
    """Raise ValueError unless `value` is one array with the shape of the receiver."""
    if getattr(value, "shape", None) != (BATCH, *expected):
        got = value.shape[1:] if getattr(value, "shape", ())[:1] == (BATCH,) else shapes(value)
        raise ValueError(
            f"{what} has the size {got}, but the receiver is {expected} (the sender is {seat.sent})"
        )


def shapes(tree: Any) -> Any:
    """Return the shapes of the arrays in a tree."""
    return [leaf.shape for leaf in jax.tree.leaves(tree) if hasattr(leaf, "shape")]
