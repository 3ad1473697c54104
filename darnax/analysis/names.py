"""What the buffers of a network are called, and which of them have units that talk to each other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from darnax.orchestrators import Orchestrator
from darnax.states import State


def layers(network: Orchestrator) -> dict[int, str]:
    """Return the name of every hidden layer, by the position of its buffer."""
    names = network.layer_map.names_by_edge()
    return {i: names[i, i] for i in network.hidden()}


def flat(state: State, position: int) -> NDArray[np.float32]:
    """Return a buffer as a matrix (batch, units)."""
    return np.asarray(state[position]).reshape(state[position].shape[0], -1)


def recurrent(network: Orchestrator) -> dict[str, Any]:
    """Return the layers with a coupling J, by name."""
    return {
        name: network.layer_map[i, i]
        for i, name in layers(network).items()
        if hasattr(network.layer_map[i, i], "J")
    }
