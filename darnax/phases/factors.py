"""Numbers by name of modules: gains of messages, and factors of updates."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Self

import jax
import numpy as np

CHARACTER_SET = re.compile(r"\[[^]]*\]")  # such as [0-9]
UNSCALED = 1  # the gain of a message, and the factor of an update, that is not multiplied


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True)
class Factors(Mapping[str, Any]):
    """Numbers by glob over module names.

    Of the globs that match a name the most specific counts, the one with the most characters that
    are no wildcards: `up1` before `up*`, and that before `*`. Of equals it is the first.

    It is a pytree of its numbers, so that programs with other numbers share what was compiled.

    Args:
        globs: over the names of modules.
        numbers: one for each glob.

    Example:
        >>> factors = Factors.of({"nudge": 0.5, "*": 1.0})
        >>> factors.find("nudge"), factors.find("w_in"), Factors.of({"up*": 2.0}).find("w_in")
        (0.5, 1.0, None)
    """

    globs: tuple[str, ...]
    numbers: tuple[Any, ...]

    @classmethod
    def of(cls, numbers: Mapping[str, Any]) -> Self:
        """Return the factors of a mapping glob -> number.

        Raises:
            ValueError: the mapping is empty, or a value is no finite number.
        """
        if not numbers:
            raise ValueError("got an empty mapping, expected at least one name")
        for name, value in numbers.items():
            if not is_number(value):
                raise ValueError(f"{name}: got {value!r}, expected a number")
            if isinstance(value, int | float | np.number) and not math.isfinite(value):
                raise ValueError(f"{name}: got {value!r}, expected a finite number")
        return cls(tuple(numbers), tuple(numbers.values()))

    def find(self, name: str) -> Any:
        """Return the number of the most specific glob that matches `name`, or None."""
        found, most = None, (-1, 0)
        for glob, number in zip(self.globs, self.numbers, strict=True):
            if fnmatchcase(name, glob) and specificity(glob) > most:
                found, most = number, specificity(glob)
        return found

    def __getitem__(self, glob: str) -> Any:
        return dict(zip(self.globs, self.numbers, strict=True))[glob]

    def __iter__(self) -> Iterator[str]:
        return iter(self.globs)

    def __len__(self) -> int:
        return len(self.globs)

    def with_globs(self, globs: Sequence[str]) -> Self:
        """Return the same numbers for other globs, in the same order."""
        return replace(self, globs=tuple(globs))

    def tree_flatten(self) -> tuple[tuple[Any, ...], tuple[str, ...]]:
        """Return the numbers, and the globs as the structure."""
        return self.numbers, self.globs

    @classmethod
    def tree_unflatten(cls, globs: tuple[str, ...], numbers: tuple[Any, ...]) -> Self:
        """Return the factors with these globs and numbers."""
        return cls(globs, tuple(numbers))

    def __str__(self) -> str:
        pairs = zip(self.globs, self.numbers, strict=True)
        return ", ".join(f"{glob}: {number:g}" for glob, number in pairs)


def specificity(glob: str) -> tuple[int, int]:
    """Return how many characters of a glob are no wildcards, and how many are one of a set."""
    without_sets, sets = CHARACTER_SET.subn("", glob)
    return len(without_sets) - without_sets.count("*") - without_sets.count("?"), sets


def is_number(value: Any) -> bool:
    """Return whether a value is one number: of Python, or an array without axes, traced or not."""
    if isinstance(value, int | float | np.number):
        return not isinstance(value, bool)
    return isinstance(value, jax.Array | np.ndarray) and value.ndim == 0


def factor_of(numbers: Any, name: str) -> Any:
    """Return the number of a name in factors, `UNSCALED` for one of several globs, or None."""
    if isinstance(numbers, Mapping):
        factors = numbers if isinstance(numbers, Factors) else Factors.of(numbers)
        return factors.find(name)
    return UNSCALED if any(fnmatchcase(name, glob) for glob in numbers) else None


def read_names(what: str, names: Any) -> tuple[str, ...] | Factors:
    """Return globs as a tuple, or numbers by glob as factors.

    Raises:
        ValueError: the names are empty or not strings, or a value is not a finite number.
    """
    if isinstance(names, Factors):
        return names
    if isinstance(names, Mapping):
        try:
            return Factors.of(names)
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from error
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{what}: got {names!r}, expected names of modules")
    if what == "messages" and not names:
        raise ValueError("messages: got no name, expected at least one; without steps use `all`")
    return tuple(names)
