"""Check that a network can learn by backpropagation."""

from typing import Any

from darnax.activations import KWinners, Sign
from darnax.builder.problems import Problems
from darnax.modules.binary import is_binary
from darnax.orchestrators import BackpropagationOrchestrator, Orchestrator
from darnax.phases import Phases


def check_gradients(shapes: Orchestrator, train: Phases, problems: Problems) -> None:
    """Note what a network whose updates are gradients cannot have: units of ±1, learned states."""
    if not isinstance(shapes, BackpropagationOrchestrator):
        return
    layer_map = shapes.layer_map
    names = layer_map.names_by_edge()
    flat = [names[edge] for edge, module in layer_map.edge_items() if is_flat(module)]
    if flat:
        what = f"no gradient passes units of ±1 or winners, here {', '.join(flat)}"
        problems.add("dynamics.orchestrator", f"{what}; choose an activation such as ReLU")
    for name, phase in train.items():
        if phase.target_state is not None:
            what = "backpropagation learns no state; remove it, or use another orchestrator"
            problems.add(f"dynamics.train.{name}.target_state", what)


def is_flat(module: Any) -> bool:
    """Return whether a module has an activation without a slope, as that of units of ±1."""
    if is_binary(module):
        return True
    activation: Any = getattr(module, "rho", getattr(module, "presynaptic", None))
    while hasattr(activation, "activation"):  # that of LayerNorm and UnitNorm
        activation = activation.activation
    return isinstance(activation, Sign | KWinners)
