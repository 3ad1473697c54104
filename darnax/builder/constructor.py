"""A constructor as an argument of another one, with the arguments of the configuration given."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any


@dataclass(frozen=True)
class Constructor:
    """Called with the arguments of the configuration, returns a constructor of the others.

    The module that it is an argument of calls it with its sizes and a key. Two of the same
    `func` are equal, so that configurations that differ in numbers alone share compiled programs.
    """

    func: Callable[..., Any]

    def __call__(self, **arguments: Any) -> Callable[..., Any]:
        """Return the constructor with these arguments given."""
        return partial(self.func, **arguments)
