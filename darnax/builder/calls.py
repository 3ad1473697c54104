"""A constructor and its arguments, checked against its signature but not yet called."""

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from types import NoneType
from typing import Any, NamedTuple, Self

import jax
import numpy as np

from darnax.builder.annotations import (
    accepts,
    accepts_several,
    convert,
    describe_type,
    is_traced,
    options,
)
from darnax.builder.constructor import Constructor
from darnax.builder.problems import Problems, format_value, nearest
from darnax.builder.signatures import SEEDS, hint_of, qualified_name, signature_of, takes_anything
from darnax.builder.targets import find
from darnax.connectivity.construction import FILLED, ConnectivityFactory
from darnax.connectivity.interface import Connectivity

EPOCHS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?epochs?")


class Epochs(NamedTuple):
    """A number of steps, written as a number of epochs; of any part of an epoch, at least one step."""

    number: float


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True)
class DeferredCall:
    """`factory(**arguments)`, with the arguments that the builder fills in still open.

    A pytree, so that calls that differ in their numbers alone share what is compiled: its leaves are the arguments in
    `numbers`, and those of the calls among its arguments. Where the constructor decides in Python by
    a number, the call is `compiled_in`: it has no leaves of its own, and other numbers are another
    program.
    """

    factory: Callable[..., Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    open: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    compiled_in: bool = False

    def __call__(self, steps_per_epoch: int = 1, /, **filled: Any) -> Any:
        """Make it, and what its arguments are made of; of `filled`, the constructor gets what it has parameters for."""
        given = {
            name: evaluate_calls(value, steps_per_epoch) for name, value in self.arguments.items()
        }
        return self.factory(
            **given, **{name: value for name, value in filled.items() if name in self.open}
        )

    def with_numbers_compiled_in(self) -> Self:
        """Return the call with its own numbers as they are written; those of the calls among its arguments stay traced."""
        return replace(self, numbers=frozenset(), compiled_in=True)

    def tree_flatten(self) -> tuple[tuple[Any, ...], "CallStructure"]:
        """Part the numbers and the calls from what they are arguments of."""
        inner = tuple(
            name
            for name, value in self.arguments.items()
            if name in self.numbers or isinstance(value, DeferredCall)
        )
        rest = {name: value for name, value in self.arguments.items() if name not in inner}
        return tuple(self.arguments[name] for name in inner), CallStructure(
            self.factory, rest, self.open, self.numbers, inner, self.compiled_in
        )

    @classmethod
    def tree_unflatten(cls, shape: "CallStructure", inner: Collection[Any]) -> Self:
        """Put them together again."""
        arguments = {**shape.rest, **dict(zip(shape.inner, inner, strict=True))}
        return cls(shape.factory, arguments, shape.open, shape.numbers, shape.compiled_in)


@dataclass(frozen=True, eq=False)
class CallStructure:
    """All of a call but its numbers and the calls inside it."""

    factory: Callable[..., Any]
    rest: Mapping[str, Any]
    open: frozenset[str]
    numbers: frozenset[str]
    inner: tuple[str, ...]
    compiled_in: bool

    def __eq__(self, other: object) -> bool:
        if (
            not isinstance(other, CallStructure)
            or self.kind != other.kind
            or self.rest.keys() != other.rest.keys()
        ):
            return False
        pairs = [(value, other.rest[name]) for name, value in self.rest.items()]
        # Of one configuration these are the same objects: a program that is called again is found without a look at them.
        return all(one is two or comparable(one) == comparable(two) for one, two in pairs)

    @property
    def kind(self) -> tuple[Any, ...]:
        """All but the values of the arguments."""
        return self.factory, self.open, self.numbers, self.inner, self.compiled_in

    def __hash__(self) -> int:
        return hash((self.factory, self.inner))


def comparable(value: Any) -> Any:
    """Return what is equal for values that make the same program: arrays by their numbers; 1 is neither 1.0 nor true."""
    if isinstance(value, np.ndarray):
        return "array", value.dtype, value.shape, value.tobytes()
    if isinstance(value, DeferredCall):
        return "call", comparable(vars(value))
    if isinstance(value, Mapping):
        return {comparable(name): comparable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), tuple(comparable(item) for item in value)
    return type(value), value


def evaluate_calls(value: Any, steps_per_epoch: int) -> Any:
    """Return the value with the calls in it called and the epochs in it counted in steps."""
    if isinstance(value, DeferredCall):
        return value(steps_per_epoch)
    if isinstance(value, Epochs):
        return max(round(value.number * steps_per_epoch), 1 if value.number > 0 else 0)
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(evaluate_calls(item, steps_per_epoch) for item in value)
    if isinstance(value, Mapping):
        return {
            evaluate_calls(name, steps_per_epoch): evaluate_calls(item, steps_per_epoch)
            for name, item in value.items()
        }
    return value


@dataclass(frozen=True)
class Reader:
    """Reads mappings with a `_target_`, and notes what is wrong with them.

    Args:
        problems: where it is noted.
        trust: packages that may be named besides darnax and optax.
        epochs: whether a number of steps may be written as `6 epochs`.
    """

    problems: Problems
    trust: Collection[str] = ()
    epochs: bool = False

    def call(
        self, node: Any, where: str, kind: type | None = None, filled: Collection[str] = ()
    ) -> DeferredCall | None:
        """Return the call that `node` describes, or None with every reason among the problems.

        Args:
            node: a mapping with `_target_`; the rest are arguments, which may be such mappings themselves.
            where: the path of the node in the YAML.
            kind: what has to come out.
            filled: the parameters that the builder fills in.
        """
        if not isinstance(node, Mapping) or "_target_" not in node:
            self.problems.add(
                where, f"got {format_value(node)}, expected a mapping with `_target_`"
            )
            return None
        with self.problems.at(f"{where}._target_"):
            factory = find(node["_target_"], self.trust, kind)
            arguments = {name: value for name, value in node.items() if name != "_target_"}
            return self.arguments(factory, arguments, where, filled)
        return None

    def arguments(
        self,
        factory: Callable[..., Any],
        given: Mapping[str, Any],
        where: str,
        filled: Collection[str],
    ) -> DeferredCall | None:
        """Return the call of `factory` with these arguments, or None with every reason among the problems."""
        parameters, hints = signature_of(factory)
        before = len(self.problems.found)
        own = [name for name in parameters if name not in filled]
        arguments = {}
        for name, value in given.items():
            path = f"{where}.{name}"
            if name in filled and name in parameters:
                self.problems.add(
                    path, "is filled in by darnax, from the buffers and the seed; leave it out"
                )
            elif name not in parameters and not takes_anything(factory):
                self.problems.add(
                    path, f"{qualified_name(factory)} has no such argument{nearest(name, own)}"
                )
            else:
                arguments[name] = self.value(value, path, hint_of(name, hints))
        for name in own:
            if parameters[name].default is inspect.Parameter.empty and name not in given:
                self.problems.add(
                    f"{where}.{name}",
                    f"is missing; {qualified_name(factory)} needs {describe_type(hints.get(name, Any))}",
                )
        if len(self.problems.found) > before:
            return None
        numbers = frozenset(
            name
            for name, value in arguments.items()
            if name not in SEEDS and is_traced(value, hints.get(name))
        )
        return DeferredCall(factory, arguments, frozenset(filled) & frozenset(parameters), numbers)

    def value(self, value: Any, where: str, hint: Any) -> Any:
        """Return one argument as its constructor wants it."""
        if ConnectivityFactory in options(hint) and requires_value(value, hint):
            return self.constructor(value, where, Connectivity, FILLED)
        if isinstance(value, Mapping) and "_target_" in value:
            call = self.call(value, where)
            number = any(option in (float, jax.Array) for option in options(hint))
            wanted = (
                hint | Callable if self.epochs and number else hint
            )  # the optimiser's numbers may follow a schedule
            if call is not None and not accepts(wanted, call.factory):
                self.problems.add(
                    where, f"got {qualified_name(call.factory)}, expected {describe_type(hint)}"
                )
            return call
        if has_calls(value):
            if accepts_several(hint):
                return self.within(value, where)
            self.problems.add(where, f"got {format_value(value)}, expected {describe_type(hint)}")
            return None
        counted = in_epochs(value) if self.epochs else value
        with self.problems.at(where):
            fit = convert(evaluate_calls(counted, 1), hint)
            return fit if counted == value else counted
        return None

    def constructor(
        self, node: Any, where: str, kind: type, filled: Collection[str]
    ) -> DeferredCall | None:
        """Return the call that makes a constructor, whose arguments in `filled` stay open."""
        call = self.call(node, where, kind, filled)
        if call is None:
            return None
        made = replace(call, factory=Constructor(call.factory), open=frozenset())
        return made.with_numbers_compiled_in()  # a layout has static shapes

    def within(self, value: Any, where: str) -> Any:
        """Return a list or mapping that has calls in it."""
        if isinstance(value, Mapping):
            return {name: self.value(item, f"{where}.{name}", Any) for name, item in value.items()}
        return [self.value(item, f"{where}[{index}]", Any) for index, item in enumerate(value)]


def requires_value(value: Any, hint: Any) -> bool:
    """Whether a value has to be something else than null."""
    return value is not None or NoneType not in options(hint)


def has_calls(value: Any) -> bool:
    """Whether there is a `_target_` somewhere inside."""
    if isinstance(value, Mapping):
        return "_target_" in value or any(map(has_calls, value.values()))
    return isinstance(value, list) and any(map(has_calls, value))


def in_epochs(value: Any) -> Any:
    """Return the value with every `6 epochs` in it read as such, keys of mappings included."""
    if isinstance(value, str) and (match := EPOCHS.fullmatch(value)):
        return Epochs(float(match[1]))
    if isinstance(value, list):
        return [in_epochs(item) for item in value]
    if isinstance(value, Mapping):
        return {in_epochs(name): in_epochs(item) for name, item in value.items()}
    return value
