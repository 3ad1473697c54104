"""The structure of a pytree of numbers: what calls that differ in numbers alone have in common."""

from typing import Any, NamedTuple

import jax
import numpy as np


class Structure(NamedTuple):
    """A pytree without the values of its numbers; it is hashable, and a key of caches."""

    tree: Any
    shapes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, tree: Any) -> "Structure":
        """Return the structure of a pytree of numbers."""
        numbers, structure = jax.tree.flatten(tree)
        return cls(structure, tuple(map(np.shape, numbers)))

    def abstract(self) -> Any:
        """Return the pytree with each number replaced by its shape."""
        numbers = [jax.ShapeDtypeStruct(shape, np.float32) for shape in self.shapes]
        return jax.tree.unflatten(self.tree, numbers)
