"""Reads mappings with a `_target_`: checks the arguments against the constructor's signature."""

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import NoneType
from typing import Any

import jax

from darnax.builder.annotations import (
    accepts,
    accepts_several,
    convert,
    describe_type,
    is_traced,
    union_members,
)
from darnax.builder.constructor import Constructor
from darnax.builder.deferred_call import DeferredCall, Epochs, evaluate_calls
from darnax.builder.problems import Problems, format_value, nearest
from darnax.builder.signatures import (
    SEEDS,
    annotation_of,
    qualified_name,
    ranges_in,
    read_signature,
    takes_any_argument,
    without_ranges,
)
from darnax.builder.targets import find, is_of_darnax
from darnax.connectivity.construction import FILLED, ConnectivityFactory
from darnax.connectivity.interface import Connectivity
from darnax.trees import find_targets

EPOCHS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?epochs?")


@dataclass(frozen=True)
class Reader:
    """Reads mappings with a `_target_`, and collects the problems in them.

    Args:
        problems: the collection.
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
            node: a mapping with `_target_`; the other keys are arguments, which may be such
                mappings themselves.
            where: the path of the node in the YAML.
            kind: the required class of the result.
            filled: the parameters that the builder fills in.
        """
        if not isinstance(node, Mapping) or "_target_" not in node:
            what = f"got {format_value(node)}, expected a mapping with `_target_`"
            if isinstance(node, Mapping):
                what = "has no `_target_`, which names its class"
            self.problems.add(where, what)
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
        """Return the call of `factory` with these arguments, or None with problems noted."""
        parameters, written = read_signature(factory)
        hints, ranges = without_ranges(written), ranges_in(written)
        before = len(self.problems.found)
        own = [name for name in parameters if name not in filled]
        arguments = {}
        for name, value in given.items():
            path = f"{where}.{name}"
            if name in filled and name in parameters:
                what = "is filled in by darnax, from the buffers and the seed; leave it out"
                self.problems.add(path, what)
            elif name not in parameters and not takes_any_argument(factory):
                if value is None:  # a file cannot remove a key that it inherits
                    continue
                what = f"{qualified_name(factory)} has no such argument{nearest(name, own)}"
                self.problems.add(path, what)
            else:
                noted = len(self.problems.found)
                arguments[name] = self.value(value, path, annotation_of(name, hints))
                if name in ranges and len(self.problems.found) == noted:
                    with self.problems.at(path):
                        ranges[name].require("", arguments[name])
        for name in own:
            if parameters[name].default is inspect.Parameter.empty and name not in given:
                needed = describe_type(hints.get(name, Any))
                what = f"is missing; {qualified_name(factory)} needs {needed}"
                self.problems.add(f"{where}.{name}", what)
        if len(self.problems.found) > before:
            return None
        numbers = set()
        for name, value in arguments.items():
            if name not in SEEDS and is_traced(value, hints.get(name)):
                numbers.add(name)
        still_open = frozenset(filled) & frozenset(parameters)
        return DeferredCall(factory, arguments, still_open, frozenset(numbers))

    def value(self, value: Any, where: str, hint: Any) -> Any:
        """Return one argument in the type of its annotation, or None with a problem noted."""
        if ConnectivityFactory in union_members(hint) and requires_value(value, hint):
            return self.constructor(value, where, Connectivity, FILLED)
        if isinstance(value, Mapping) and "_target_" in value:
            return self.inner_call(value, where, hint)
        if isinstance(value, str) and type in union_members(hint):
            with self.problems.at(where):
                return find(value, self.trust)  # a class of a trusted package
            return None
        if has_calls(value):
            if accepts_several(hint):
                return self.inner_calls(value, where)
            self.problems.add(where, f"got {format_value(value)}, expected {describe_type(hint)}")
            return None
        parsed = parse_epochs(value) if self.epochs else value
        with self.problems.at(where):
            converted = convert(evaluate_calls(parsed, 1), hint)
            # Epochs stay as they are: the number of steps in them is not known here.
            return converted if parsed == value else parsed
        return None

    def constructor(
        self, node: Any, where: str, kind: type, filled: Collection[str]
    ) -> DeferredCall | None:
        """Return the call that makes a constructor, whose arguments in `filled` stay open."""
        call = self.call(node, where, kind, filled)
        if call is None:
            return None
        return replace(call, factory=Constructor(call.factory), open=frozenset())

    def inner_call(self, value: Any, where: str, hint: Any) -> DeferredCall | None:
        """Return an argument that is a mapping with `_target_`."""
        call = self.call(value, where)
        if call is not None and self.epochs and is_of_darnax(call.factory):
            self.problems.add(where, f"got {qualified_name(call.factory)}, expected one of optax")
            call = None
        is_number = any(member in (float, jax.Array) for member in union_members(hint))
        # In the section `optimizer` every number may follow a schedule.
        wanted = hint | Callable if self.epochs and is_number else hint
        if call is not None and not accepts(wanted, call.factory):
            what = f"got {qualified_name(call.factory)}, expected {describe_type(hint)}"
            self.problems.add(where, what)
        return call

    def inner_calls(self, value: Any, where: str) -> Any:
        """Return an argument that is a list or a mapping with calls in it."""
        if isinstance(value, Mapping):
            return {name: self.value(item, f"{where}.{name}", Any) for name, item in value.items()}
        return [self.value(item, f"{where}[{index}]", Any) for index, item in enumerate(value)]


def requires_value(value: Any, hint: Any) -> bool:
    """Return whether a value has to be something else than null."""
    return value is not None or NoneType not in union_members(hint)


def has_calls(value: Any) -> bool:
    """Return whether there is a `_target_` somewhere inside."""
    return next(find_targets(value), None) is not None


def parse_epochs(value: Any) -> Any:
    """Return the value with every string like `6 epochs` as `Epochs`, keys of mappings included."""
    match = EPOCHS.fullmatch(value) if isinstance(value, str) else None
    if match:
        return Epochs(float(match[1]))
    if isinstance(value, list):
        return [parse_epochs(item) for item in value]
    if isinstance(value, Mapping):
        return {parse_epochs(name): parse_epochs(item) for name, item in value.items()}
    return value
