"""What is measured of a training step, inside the compiled program."""

from darnax.observables.interface import Metrics, Observable, PhaseEnds, StepContext
from darnax.observables.magnetisation import Magnetisation
from darnax.observables.measuring import measure, require_names
from darnax.observables.step import norms, overlap, overlaps, relaxations, unstable

__all__ = [
    "Magnetisation",
    "Metrics",
    "Observable",
    "PhaseEnds",
    "StepContext",
    "measure",
    "norms",
    "overlap",
    "overlaps",
    "relaxations",
    "require_names",
    "unstable",
]
