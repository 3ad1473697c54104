"""Check that a network can learn by backpropagation."""

from collections.abc import Iterator
from typing import Any

from darnax.activations import KWinners, Sign, Step
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
    for where, what in list_without_effect(train, layer_map.names):
        problems.add(f"dynamics.train.{where}", what)


def list_without_effect(train: Phases, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what phases ask for and a gradient does not follow: the place and the sentence."""
    learned: dict[str, str] = {}  # module -> the phase in which it learns
    for name, phase in train.items():
        if phase.target_state is not None:
            what = "backpropagation learns no state; remove it, or use another orchestrator"
            yield f"{name}.target_state", what
        modules = [module for module in names if phase.factor(module) is not None]
        if modules and phase.messages not in ("all", "forward"):
            what = "got names, expected all: a gradient is that of all forward messages"
            yield f"{name}.messages", what
        again = [module for module in modules if module in learned]
        if again:
            what = f"{again[0]} learns in {learned[again[0]]} as well, by the same gradient"
            yield f"{name}.learn", f"{what}; let it learn in one phase"
        learned |= dict.fromkeys(modules, name)


def is_flat(module: Any) -> bool:
    """Return whether a module has an activation without a slope, as that of units of ±1 or 0/1."""
    if is_binary(module):
        return True
    activation: Any = getattr(module, "rho", getattr(module, "presynaptic", None))
    while hasattr(activation, "activation"):  # that of LayerNorm and UnitNorm
        activation = activation.activation
    return isinstance(activation, Sign | Step | KWinners)
