"""Numbers that are none, or beyond all bounds: the places of a training step where they are looked for."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from darnax.layer_map import LayerMap

LARGEST = 1e9  # a float32 has 24 bits: beside such a number, what a unit of ±1 says is lost
Learns = Mapping[
    str, Sequence[bool]
]  # phase -> for every module in order, whether it learns at its end


class FiniteCheck(NamedTuple):
    """Where in a step a number is made: in which phases, by which modules, and what it measures."""

    phase: str
    module: str
    what: str


def finite_checks(layer_map: LayerMap, learns: Learns) -> list[FiniteCheck]:
    """Return the places, in the order in which a step comes to them.

    They are: the input and the answer that are shown; the update of a phase, for modules that learn in several; and what the
    optimiser makes of all updates of a module.
    """
    shown = next(iter(learns))
    inputs, answers = (receiving_modules(layer_map, buffer) for buffer in (0, layer_map.output))
    found = [
        FiniteCheck(shown, inputs, "the input it reads"),
        FiniteCheck(shown, answers, "the answer it is shown"),
    ]
    parts = [
        FiniteCheck(phase, name, "its update")
        for phase, learning in learns.items()
        for name, now, often in zip(
            layer_map.names, learning, learns_in_several_phases(learns), strict=True
        )
        if now and often
    ]
    return [*found, *parts, *update_checks(layer_map, learns)]


def update_checks(layer_map: LayerMap, learns: Learns) -> list[FiniteCheck]:
    """Return the places where the modules that learn are changed; the phase tells when each of them learns."""
    phases = {
        name: " and ".join(phase for phase, learning in learns.items() if learning[index])
        for index, name in enumerate(layer_map.names)
    }
    return [FiniteCheck(phase, name, "its change") for name, phase in phases.items() if phase]


def receiving_modules(layer_map: LayerMap, buffer: int) -> str:
    """Name the modules that read a buffer, or else those that write to it."""
    edges = list(zip(layer_map.edges, layer_map.names, strict=True))
    reading = [name for (i, j), name in edges if j == buffer != i]
    return ", ".join(reading or [name for (i, _), name in edges if i == buffer])


def learns_in_several_phases(learns: Learns) -> list[bool]:
    """Return, for every module in order, whether it learns in several phases."""
    return [sum(column) > 1 for column in zip(*learns.values(), strict=True)]
