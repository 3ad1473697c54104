"""Build the objects that a configuration names, or report everything that is wrong with it."""

from darnax.builder.build import build
from darnax.builder.description import Description, ModuleRow, describe

__all__ = ["Description", "ModuleRow", "build", "describe"]
