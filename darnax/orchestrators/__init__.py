"""One sweep of updates over the state, and the local updates of all modules."""

from darnax.orchestrators.asynchronous import AsynchronousOrchestrator
from darnax.orchestrators.backpropagation import BackpropagationOrchestrator
from darnax.orchestrators.interface import (
    ClampedMessages,
    Orchestrator,
    StateType,
    ThirdFactors,
)
from darnax.orchestrators.parallel import ParallelOrchestrator
from darnax.orchestrators.sequential import SequentialOrchestrator
from darnax.phases import Messages

__all__ = [
    "AsynchronousOrchestrator",
    "BackpropagationOrchestrator",
    "ClampedMessages",
    "Messages",
    "Orchestrator",
    "ParallelOrchestrator",
    "SequentialOrchestrator",
    "StateType",
    "ThirdFactors",
]
