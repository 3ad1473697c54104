"""Check that modules fit their edges, by shapes alone: nothing is computed or compiled."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from darnax.builder.deferred_call import DeferredCall
from darnax.builder.network import ModuleSpec, NetworkSpec
from darnax.builder.problems import Problems
from darnax.builder.trials import choose_traced_numbers
from darnax.builder.wiring import Size
from darnax.errors import first_line
from darnax.layer_map import find_incoming
from darnax.modules import Layer
from darnax.orchestrators import Orchestrator
from darnax.phases import Phase
from darnax.printing import count_of

BATCH = 2  # more than one, to detect a module that drops or sums over the batch axis


def check_modules(plan: NetworkSpec, problems: Problems) -> NetworkSpec:
    """Return the plan with calls that a compiled program can make, numbers traced where possible.

    Modules that cannot be made, or whose message or update has another shape than their edge
    requires, are noted.
    """
    calls: dict[Any, DeferredCall] = {}
    for spec in plan.modules:
        # Modules of one entry with the same sizes are equal: one of them is checked for all.
        kind = (spec.where, spec.sent, spec.received)
        if kind not in calls:
            calls[kind] = spec.call
            with problems.at(spec.where):
                within = partial(with_call, spec)
                calls[kind] = choose_traced_numbers(spec.call, check_module, construct, within)
    specs = tuple(
        replace(spec, call=calls[spec.where, spec.sent, spec.received]) for spec in plan.modules
    )
    check_third_factors(plan, problems)
    return replace(plan, modules=specs)


def check_third_factors(plan: NetworkSpec, problems: Problems) -> None:
    """Note every third factor that is not the name of one adapter to the same buffer."""
    names = {(spec.edge.receiver, spec.edge.sender): spec.edge.name for spec in plan.modules}
    checked = set()
    for spec in plan.modules:
        word = spec.call.arguments.get("third_factor")
        if isinstance(word, str) and spec.where not in checked:
            checked.add(spec.where)
            with problems.at(f"{spec.where}.third_factor"):
                find_incoming((spec.edge.receiver, spec.edge.sender), word, names)


def with_call(spec: ModuleSpec, call: DeferredCall) -> ModuleSpec:
    """Return the specification of a module with another call."""
    return replace(spec, call=call)


def construct(call: DeferredCall) -> None:
    """Make an argument of a module."""
    call()


def check_module(spec: ModuleSpec) -> None:
    """Raise ValueError, with both shapes, unless the module fits its edge."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    sent, received = spec.sent, spec.received
    module = infer_shapes(spec.make, key)
    x, y = make_buffer(sent), make_buffer(received)

    doing = f"its message from {sent} to {received}: "
    message = infer_shapes(lambda m, x, k: m(x, k), module, x, key, doing=doing)
    require_shape("its message", message, spec, received)

    if isinstance(module, Layer):
        doing = f"its state of size {received}: "
        for step in (activate, take_step):
            state = infer_shapes(step, module, message, doing=doing)
            require_shape("its state", state, spec, received)

    doing = f"its update between {sent} and {received}: "
    third = (y,) if getattr(module, "third_factor", None) is not None else ()

    def update_of(module: Any, *activity: Any) -> Any:
        return module.backward(*activity)

    update = infer_shapes(update_of, module, x, y, y, *third, doing=doing)
    if shapes(update) != shapes(module):
        require_arrays(module)
        got = f"{type(module).__name__}.backward returns {shapes(update)}"
        raise ValueError(f"{got}, expected the module's {shapes(module)}")


def activate(layer: Layer, message: Array) -> Array:
    """Return the activation of a field."""
    return layer.activation(make_field(layer, message))


def take_step(layer: Layer, message: Array) -> Array:
    """Return the state after one step with a field."""
    return layer.next_state(message, make_field(layer, message))


def make_field(layer: Layer, message: Array) -> Array:
    """Return the field of two messages, or one message for a layer that counts its senders."""
    return message if layer.reads_by_place else layer.reduce([message, message])


def check_reductions(
    plan: NetworkSpec, network: Orchestrator, phases: Iterable[Phase], problems: Problems
) -> None:
    """Note every layer that cannot reduce the number of messages that some phase sends to it."""
    checked = set()
    choices = tuple(dict.fromkeys(phase.messages for phase in phases))
    layer_map = network.layer_map
    for spec in plan.modules:
        _, receiver, sender = spec.edge
        if receiver != sender:
            continue
        layer: Any = layer_map[receiver, receiver]
        incoming = [edge for edge in layer_map.edges if edge[0] == receiver != edge[1]]
        for messages in choices:
            sent = [edge for edge in incoming if network.sends(messages, *edge)]
            if layer.reads_by_place:  # messages from before that are not sent are 0
                sent += [edge for edge in incoming if edge not in sent and edge[1] < receiver]
            count = len(sent) + 1  # and that of the layer to itself
            if (spec.where, count) in checked:
                continue
            checked.add((spec.where, count))
            with problems.at(spec.where):
                received = [make_buffer(spec.received)] * count
                doing = f"{count_of(count, 'message')}: "
                field = infer_shapes(lambda m, h: m.reduce(h), layer, received, doing=doing)
                require_shape("its field", field, spec, spec.received)


def infer_shapes(function: Any, *arguments: Any, doing: str = "") -> Any:
    """Return the shapes of a result, without computing it.

    Raises:
        ValueError: for every exception, with its first line, after `doing`.
    """
    try:
        return eqx.filter_eval_shape(function, *arguments)
    except ValueError as error:
        raise ValueError(f"{doing}{first_line(error)}") from error
    except Exception as error:  # modules of other packages may raise anything
        raise ValueError(f"{doing}{type(error).__name__}: {first_line(error)}") from error


def make_buffer(size: Size) -> jax.ShapeDtypeStruct:
    """Return the shape of a buffer with a batch axis."""
    return jax.ShapeDtypeStruct((BATCH, *size), jnp.float32)


def require_shape(what: str, value: Any, spec: ModuleSpec, expected: Size) -> None:
    """Raise ValueError unless `value` is one array with the shape of the receiver."""
    shape = getattr(value, "shape", None)
    if shape != (BATCH, *expected):
        got = shape[1:] if shape and shape[0] == BATCH else shapes(value)
        receiver = f"the receiver is {expected} (the sender is {spec.sent})"
        raise ValueError(f"{what} has the size {got}, but {receiver}")


def require_arrays(module: Any) -> None:
    """Raise ValueError for parameters that are plain numbers: they are arrays, or static."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(module):
        if isinstance(leaf, int | float):
            place = jax.tree_util.keystr(path).lstrip(".")
            name = place.rpartition(".")[2]
            declared = f"declare `{name}: Array`, and assign `jnp.asarray({name})`"
            static = f"or declare `{name}: float = eqx.field(static=True)`"
            got = f"{place}: got the number {leaf}, expected an array"
            raise ValueError(f"{got}; {declared}, {static}")


def shapes(tree: Any) -> Any:
    """Return the shapes of the arrays in a tree."""
    return [leaf.shape for leaf in jax.tree.leaves(tree) if hasattr(leaf, "shape")]
