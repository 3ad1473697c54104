"""Synaptic operations of an inference, dense and by events."""

import math
from collections.abc import Mapping
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
    of_input, of_readout = count_once(network, synapses, phases)
    dense = of_input + of_readout
    events = of_input * jnp.mean(state[0] != 0, dtype=jnp.float32) + of_readout
    for name, end in run_phases(network, state, phases, rng, count_changes=True):
        for (i, j), number in synapses.items():
            if j == 0 or i == network.layer_map.output:
                continue
            sent = number * is_sent(network, phases[name], (i, j))
            dense += sent * end.relaxation.steps
            # No step changes the output buffer.
            events += sent * end.relaxation.changes.get(j, 0.0)
    return Operations(dense, events)


def count_once(
    network: Orchestrator, synapses: Mapping[Edge, int], phases: Mapping[str, Phase]
) -> tuple[Float[Array, ""], int]:
    """Return the synapses that are used once in an inference, of the input and of the readout.

    The messages of the input stay through all phases; the readout is that of the last state.
    """
    output = network.layer_map.output
    of_input, of_readout = jnp.float32(0), 0
    for (i, j), number in synapses.items():
        if i == output and j != 0:
            of_readout += number
        elif i == output:
            of_input += number
        elif j == 0:
            sent = [is_sent(network, phase, (i, j)) for phase in phases.values()]
            of_input += number * jnp.max(jnp.stack([jnp.float32(0), *sent]))
    return of_input, of_readout


def is_sent(network: Orchestrator, phase: Phase, edge: Edge) -> Float[Array, ""]:
    """Return 1 where the steps of a phase send the message of an edge, with a gain that is not 0.

    Otherwise 0.
    """
    gain = network.gain(phase.messages, *edge)
    return jnp.float32(0 if gain is None else gain != 0)


def count_synapses(network: Orchestrator, state: State) -> dict[Edge, int]:
    """Return (receiver, sender) -> the number of synapses: its fan-in for each receiving unit.

    A module without a weight has one synapse for each unit, or none for its own layer, unless it
    has an attribute `synapses`.
    """
    found: dict[Edge, int] = {}
    for (i, j), module in network.layer_map.edge_items():
        units = math.prod(state[i].shape[1:])
        connectivity: Any = getattr(module, "connectivity", None)
        own = getattr(module, "synapses", None)
        if own is not None:
            found[i, j] = own
        elif connectivity is not None:
            found[i, j] = connectivity.fan_in * units
        elif i != j:
            found[i, j] = units
    return found
