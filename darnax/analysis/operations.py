"""Synaptic operations of an inference, dense and by events."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Key

from darnax.analysis.names import flatten
from darnax.analysis.relaxation import iterate_steps
from darnax.analysis.table import Cell, Table
from darnax.layer_map import Edge
from darnax.orchestrators import Orchestrator
from darnax.phases import Phase
from darnax.relaxation import FLIP_TOLERANCE
from darnax.states import State

COLUMNS = ("count", "operations")


def count_operations(
    network: Orchestrator, state: State, phases: Mapping[str, Phase], rng: Key[Array, ""]
) -> Table:
    """Return the synaptic operations of one example, as a mean over the batch of `state`.

    `dense`: the synapses of all messages that the steps send, those of the input once, and those
    of the readout at the end. `events`: each unit whose value has changed in a step times its
    synapses; a unit of the input counts once where it is not 0.
    """
    synapses = count_synapses(network, state)
    once = count_once(network, synapses)
    dense = float(once.input + once.readout)
    events = once.input * float(np.mean(flatten(state, 0) != 0)) + once.readout
    for phase, _, before, after in iterate_steps(network, state, phases, rng):
        for (_, j), number in repeated(network, synapses, phases[phase]):
            changed = np.abs(flatten(after, j) - flatten(before, j)) > FLIP_TOLERANCE
            dense += number
            events += number * float(np.mean(changed))
    rows: list[tuple[Cell, ...]] = [("dense", dense), ("events", events)]
    return Table(COLUMNS, rows)


def count_dense_operations(
    network: Orchestrator, state: State, phases: Mapping[str, Phase]
) -> int | None:
    """Return the dense synaptic operations of one example, from shapes alone.

    None where a phase stops at a fixed point, so that its number of steps depends on the example.
    """
    synapses = count_synapses(network, state)
    operations = sum(count_once(network, synapses))
    for phase in phases.values():
        if phase.steps is None:
            return None
        of_step = sum(number for _, number in repeated(network, synapses, phase))
        operations += phase.steps * of_step
    return operations


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
