"""The hidden layers of a network by name, those with couplings J, and buffers as matrices."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from darnax.orchestrators import Orchestrator
from darnax.states import State


def layers(network: Orchestrator) -> dict[int, str]:
    """Return the position of its buffer -> the name, of every hidden layer."""
    names = network.layer_map.names_by_edge()
    return {i: names[i, i] for i in network.hidden()}


def flatten(state: State, position: int) -> NDArray[np.float32]:
    """Return a buffer as a matrix (batch, units)."""
    return np.asarray(state[position]).reshape(state[position].shape[0], -1)


def recurrent(network: Orchestrator) -> dict[str, Any]:
    """Return the layers with couplings J, by name."""
    found = {name: network.layer_map[i, i] for i, name in layers(network).items()}
    # Units without a recurrence have the field, and nothing in it.
    return {name: each for name, each in found.items() if getattr(each, "J", None) is not None}
