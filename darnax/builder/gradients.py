"""Check that a network can learn by backpropagation."""

from typing import Any

from darnax.activations import Sign
from darnax.builder.problems import Problems
from darnax.modules import BinaryUnits, RecurrentDiscrete
from darnax.orchestrators import BackpropagationOrchestrator, Orchestrator
from darnax.phases import Phases


def check_gradients(shapes: Orchestrator, train: Phases, problems: Problems) -> None:
    """Note what a network whose updates are gradients cannot have: units of ±1, learned states."""
    if not isinstance(shapes, BackpropagationOrchestrator):
        return
    layer_map = shapes.layer_map
    names = layer_map.names_by_edge()
    flat = [names[i, i] for i in shapes.hidden() if is_flat(layer_map[i, i])]
    if flat:
        what = f"no gradient passes units of ±1, here {', '.join(flat)}"
        problems.add("dynamics.orchestrator", f"{what}; choose an activation such as ReLU")
    for name, phase in train.items():
        if phase.target_state is not None:
            what = "backpropagation learns no state; remove it, or use another orchestrator"
            problems.add(f"dynamics.train.{name}.target_state", what)


def is_flat(layer: Any) -> bool:
    """Return whether a layer has units of ±1, whose activation has no slope."""
    return isinstance(layer, BinaryUnits | RecurrentDiscrete) or isinstance(
        getattr(layer, "rho", None), Sign
    )
