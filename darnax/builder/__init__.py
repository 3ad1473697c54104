"""The only room that reads a configuration: from its words to the objects they name, or to everything wrong with it."""

from darnax.builder.build import build

__all__ = ["build"]
