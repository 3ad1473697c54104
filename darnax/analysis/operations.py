"""Synaptic operations of an inference, dense and by events."""

import math
from collections.abc import Mapping
from typing import Any

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
    of_input = sum(number for (_, j), number in synapses.items() if j == 0)
    dense = float(of_input)
    events = of_input * float(np.mean(flatten(state, 0) != 0))
    output = network.layer_map.output
    for phase, _, before, after in iterate_steps(network, state, phases, rng):
        for (i, j), number in synapses.items():
            if j == 0 or i == output or not network.sends(phases[phase].messages, i, j):
                continue
            changed = np.abs(flatten(after, j) - flatten(before, j)) > FLIP_TOLERANCE
            dense += number
            events += number * float(np.mean(changed))
    read_out = sum(number for (i, j), number in synapses.items() if i == output != j != 0)
    rows: list[tuple[Cell, ...]] = [("dense", dense + read_out), ("events", events + read_out)]
    return Table(COLUMNS, rows)


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
