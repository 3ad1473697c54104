"""A constructor and its checked arguments, to be called later; a pytree of the numbers in them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

import jax
import numpy as np


class Epochs(NamedTuple):
    """A number of steps, given in epochs; at least one step unless the number is 0."""

    number: float


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True)
class DeferredCall:
    """`factory(**arguments)`, with the arguments that the builder fills in still open.

    It is a pytree, so that calls which differ only in numbers share compiled programs: its leaves
    are the arguments in `numbers`, and the leaves of the calls among its arguments. If the
    constructor has Python control flow on a number, the call is `compiled_in`: it has no leaves of
    its own, and other numbers need another program.
    """

    factory: Callable[..., Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    open: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    compiled_in: bool = False

    def __call__(self, steps_per_epoch: int = 1, /, **filled: Any) -> Any:
        """Call the factory, with inner calls evaluated; `filled` arguments it lacks are dropped."""
        given = {}
        for name, value in self.arguments.items():
            given[name] = evaluate_calls(value, steps_per_epoch)
        used = {name: value for name, value in filled.items() if name in self.open}
        return self.factory(**given, **used)

    def with_numbers_compiled_in(self) -> Self:
        """Return the call with its own numbers constant; those of inner calls stay traced."""
        return replace(self, numbers=frozenset(), compiled_in=True)

    def tree_flatten(self) -> tuple[tuple[Any, ...], "CallStructure"]:
        """Return the numbers and the inner calls, and everything else."""
        names = []
        for name, value in self.arguments.items():
            if name in self.numbers or isinstance(value, DeferredCall):
                names.append(name)
        rest = {name: value for name, value in self.arguments.items() if name not in names}
        structure = CallStructure(
            self.factory, rest, self.open, self.numbers, tuple(names), self.compiled_in
        )
        return tuple(self.arguments[name] for name in names), structure

    @classmethod
    def tree_unflatten(cls, structure: "CallStructure", inner: Collection[Any]) -> Self:
        """Return the call with this structure, numbers and inner calls."""
        arguments = {**structure.rest, **dict(zip(structure.inner, inner, strict=True))}
        return cls(
            structure.factory, arguments, structure.open, structure.numbers, structure.compiled_in
        )


@dataclass(frozen=True, eq=False)
class CallStructure:
    """Everything in a call except its numbers and the calls inside it."""

    factory: Callable[..., Any]
    rest: Mapping[str, Any]
    open: frozenset[str]
    numbers: frozenset[str]
    inner: tuple[str, ...]
    compiled_in: bool

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CallStructure):
            return False
        if self.kind != other.kind or self.rest.keys() != other.rest.keys():
            return False
        pairs = [(value, other.rest[name]) for name, value in self.rest.items()]
        # With one configuration these are the same objects: JAX then finds the compiled program
        # without a comparison of their contents.
        return all(one is two or as_comparable(one) == as_comparable(two) for one, two in pairs)

    @property
    def kind(self) -> tuple[Any, ...]:
        """Everything except the values of the arguments."""
        return self.factory, self.open, self.numbers, self.inner, self.compiled_in

    # Equal structures need equal hashes, and arguments such as lists have none.
    def __hash__(self) -> int:
        return hash((self.factory, self.inner))


def as_comparable(value: Any) -> Any:
    """Return a key that is equal for values which make the same program.

    Arrays are compared by content, and 1, 1.0 and True are different.
    """
    if isinstance(value, np.ndarray):
        return "array", value.dtype, value.shape, value.tobytes()
    if isinstance(value, DeferredCall):
        return "call", as_comparable(vars(value))
    if isinstance(value, Mapping):
        return {as_comparable(name): as_comparable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), tuple(as_comparable(item) for item in value)
    return type(value), value


def evaluate_calls(value: Any, steps_per_epoch: int) -> Any:
    """Return the value with every call in it evaluated and every `Epochs` converted to steps."""
    if isinstance(value, DeferredCall):
        return value(steps_per_epoch)
    if isinstance(value, Epochs):
        fewest = 1 if value.number > 0 else 0
        return max(round(value.number * steps_per_epoch), fewest)
    # A NamedTuple is left alone: it is not made of an iterable.
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(evaluate_calls(item, steps_per_epoch) for item in value)
    if isinstance(value, Mapping):
        evaluated = {}
        for name, item in value.items():
            key = evaluate_calls(name, steps_per_epoch)
            evaluated[key] = evaluate_calls(item, steps_per_epoch)
        return evaluated
    return value
