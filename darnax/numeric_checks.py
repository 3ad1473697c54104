"""The numeric checks of a training step: where it looks for NaN, infinite and too large numbers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from darnax.layer_map import LayerMap

# A float32 has a significand of 24 bits: added to a number of this size, ±1 is lost in rounding.
LARGEST = 1e9
# phase -> for every module in order, whether it learns at the end of the phase
Learns = Mapping[str, Sequence[bool]]


class FiniteCheck(NamedTuple):
    """A number of a step that is checked: its phase or phases, its modules, what it measures."""

    phase: str
    module: str
    what: str


def finite_checks(layer_map: LayerMap, learns: Learns) -> list[FiniteCheck]:
    """Return all checks, in the order in which a step computes their numbers.

    They are: the input and the label; the update of each phase, for modules that learn in several
    phases; and the change that the optimiser computes of all updates of a module.
    """
    first_phase = next(iter(learns))
    inputs = receiving_modules(layer_map, 0)
    labels = receiving_modules(layer_map, layer_map.output)
    checks = [
        FiniteCheck(first_phase, inputs, "the input it reads"),
        FiniteCheck(first_phase, labels, "the label it receives"),
    ]
    several = learns_in_several_phases(learns)
    for phase, learning in learns.items():
        for name, learns_now, learns_again in zip(layer_map.names, learning, several, strict=True):
            if learns_now and learns_again:
                checks.append(FiniteCheck(phase, name, "its update"))
    return [*checks, *update_checks(layer_map, learns)]


def update_checks(layer_map: LayerMap, learns: Learns) -> list[FiniteCheck]:
    """Return the checks of the changes of modules; `phase` names all phases in which one learns."""
    checks = []
    for index, name in enumerate(layer_map.names):
        phases = [phase for phase, learning in learns.items() if learning[index]]
        if phases:
            checks.append(FiniteCheck(" and ".join(phases), name, "its change"))
    return checks


def receiving_modules(layer_map: LayerMap, buffer: int) -> str:
    """Return the names of the modules that read a buffer, or else of those that write to it."""
    edges = list(zip(layer_map.edges, layer_map.names, strict=True))
    reading = [name for (i, j), name in edges if j == buffer != i]
    writing = [name for (i, _), name in edges if i == buffer]
    return ", ".join(reading or writing)


def learns_in_several_phases(learns: Learns) -> list[bool]:
    """Return, for every module in order, whether it learns in several phases."""
    return [sum(column) > 1 for column in zip(*learns.values(), strict=True)]
