"""The only room that reads a configuration: from its words to the objects they name, or to everything wrong with it."""

from darnax.builder.build import build
from darnax.builder.description import Description, ModuleRow, describe

__all__ = ["Description", "ModuleRow", "build", "describe"]
