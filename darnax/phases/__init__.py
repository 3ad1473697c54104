"""Phases: stretches of relaxation as data, what they send, show and learn."""

from darnax.phases.factors import UNSCALED, Factors, factor_of
from darnax.phases.phase import LONGEST, STARTS, Direction, Messages, Phase
from darnax.phases.sequence import Phases, require_ordered

__all__ = [
    "LONGEST",
    "STARTS",
    "UNSCALED",
    "Direction",
    "Factors",
    "Messages",
    "Phase",
    "Phases",
    "factor_of",
    "require_ordered",
]
