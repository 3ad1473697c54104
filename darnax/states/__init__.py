"""The state of a whole network: one buffer per layer, in one global, functional pytree."""

from darnax.states.interface import State
from darnax.states.packed import PackedState
from darnax.states.sequential import SequentialState

__all__ = ["PackedState", "SequentialState", "State"]
