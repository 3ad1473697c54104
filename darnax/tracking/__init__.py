"""Writing metrics down: one interface, and one file per place they go to."""

from darnax.tracking.composite import Composite
from darnax.tracking.interface import Tracker
from darnax.tracking.noop import Noop

__all__ = ["Composite", "Noop", "Tracker"]
