"""Synaptic operations of an inference, dense and by events."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from darnax.layer_map import Edge
from darnax.orchestrators import Orchestrator
from darnax.phases import Phase
from darnax.schedule import run_phases
from darnax.states import State


class Operations(NamedTuple):
    """The synaptic operations of one inference, as a mean over the examples of a batch.

    Args:
        dense: the synapses of all messages that the steps send, those of the input once, and those
            of the readout at the end.
        events: each unit whose value has changed in a step times its synapses; a unit of the input
            counts once where it is not 0.
    """

    dense: Float[Array, ""]
    events: Float[Array, ""]


def count_operations(
    network: Orchestrator, state: State, phases: Mapping[str, Phase], rng: Key[Array, ""]
) -> Operations:
    """Return the synaptic operations of one example, as a mean over the batch of `state`."""
    synapses = count_synapses(network, state)
    once = count_once(network, synapses)
    dense = jnp.float32(once.input + once.readout)
    events = once.input * jnp.mean(state[0] != 0, dtype=jnp.float32) + once.readout
    for name, end in run_phases(network, state, phases, rng, count_changes=True):
        for (_, j), number in repeated(network, synapses, phases[name]):
            dense += number * end.relaxation.steps
            # No step changes the output buffer.
            events += number * end.relaxation.changes.get(j, 0.0)
    return Operations(dense, events)


class CountedOnce(NamedTuple):
    """The synapses that are used once in an inference: those of the input and of the readout."""

    input: int
    readout: int


def count_once(network: Orchestrator, synapses: Mapping[Edge, int]) -> CountedOnce:
    """Return the synapses of the input's messages, which stay, and of the readout, at the end."""
    output = network.layer_map.output
    of_input = sum(number for (_, j), number in synapses.items() if j == 0)
    readout = sum(number for (i, j), number in synapses.items() if i == output != j != 0)
    return CountedOnce(of_input, readout)


def repeated(
    network: Orchestrator, synapses: Mapping[Edge, int], phase: Phase
) -> Iterator[tuple[Edge, int]]:
    """Yield the edges with their synapses whose messages are sent in every step of a phase."""
    for (i, j), number in synapses.items():
        is_within = j != 0 and i != network.layer_map.output
        if is_within and network.sends(phase.messages, i, j):
            yield (i, j), number


def count_synapses(network: Orchestrator, state: State) -> dict[Edge, int]:
    """Return (receiver, sender) -> the number of synapses: its fan-in for each receiving unit.

    A module without a weight has one synapse for each unit, or none for its own layer.
    """
    found: dict[Edge, int] = {}
    for (i, j), module in network.layer_map.edge_items():
        units = math.prod(state[i].shape[1:])
        connectivity: Any = getattr(module, "connectivity", None)
        if connectivity is not None:
            found[i, j] = connectivity.fan_in * units
        elif i != j:
            found[i, j] = units
    return found
