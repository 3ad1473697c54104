"""From the section `model` to a function that makes the network of a key."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
from jaxtyping import Array, Key

from darnax.builder.calls import DeferredCall, Reader
from darnax.builder.graph import check_edges, check_paths, is_open
from darnax.builder.numbers import check_numbers
from darnax.builder.problems import format_value, nearest
from darnax.builder.specification import Model
from darnax.builder.wiring import (
    DEEPEST,
    Buffers,
    NamedEdge,
    Size,
    named_edges,
    read_buffers,
    read_endpoint,
)
from darnax.layer_map import LayerMap
from darnax.modules import AbstractModule, Adapter, Layer
from darnax.orchestrators import Orchestrator

LAYER_FILLED = ("features", "key")
ADAPTER_FILLED = ("in_features", "out_features", "features", "key")


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["call"],
    meta_fields=["place", "where", "sent", "received"],
)
@dataclass(frozen=True)
class ModuleSpec:
    """A module to be: its place, its line of the YAML, and its constructor."""

    place: NamedEdge
    where: str
    call: DeferredCall
    sent: Size  # size of the sender's buffer
    received: Size  # size of the receiver's

    def make(self, key: Key[Array, ""]) -> AbstractModule:
        """Make the module; its constructor gets the sizes and the key that it has parameters for."""
        sizes = {
            "features": as_size_argument(self.sent),
            "in_features": as_size_argument(self.sent),
            "out_features": as_size_argument(self.received),
        }
        return self.call(**sizes, key=key)


@partial(jax.tree_util.register_dataclass, data_fields=["seats", "orchestrator"], meta_fields=[])
@dataclass(frozen=True)
class NetworkFactory:
    """From a key to a network; a pytree of its numbers, so that one program makes all networks that differ in these alone."""

    seats: tuple[ModuleSpec, ...]
    orchestrator: DeferredCall

    def __call__(self, key: Key[Array, ""]) -> Orchestrator:
        """Make every module with a key of its own, and wire them."""
        rows: dict[int, dict[int, AbstractModule]] = {}
        for seat in self.seats:
            rows.setdefault(seat.place.receiver, {})[seat.place.sender] = seat.make(
                key_for_module(key, seat.place.name)
            )
        names = {(seat.place.receiver, seat.place.sender): seat.place.name for seat in self.seats}
        return self.orchestrator(layer_map=LayerMap.from_dict(rows, names))


@dataclass(frozen=True)
class NetworkSpec:
    """A whole network to be."""

    buffers: Buffers
    seats: tuple[ModuleSpec, ...]
    names: tuple[
        str, ...
    ]  # what may be named: all modules, and adapters that this depth, or a problem, leaves without a seat


def key_for_module(key: Key[Array, ""], name: str) -> Key[Array, ""]:
    """Return the key of the module called `name`: it depends on no other module, and is the same on every machine."""
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


def as_size_argument(size: Size) -> int | Size:
    """Return a size as constructors take it: a number of units if it has one dimension."""
    return size[0] if len(size) == 1 else size


def read_plan(model: Model, reader: Reader) -> NetworkSpec | None:
    """Return the network that `model` describes, or None with every reason among the problems.

    What may still be wrong is the modules themselves: see `modules.examine`.
    """
    problems = reader.problems
    before = len(problems.found)
    check_numbers(model, problems)
    buffers = read_buffers(model.buffers, problems)
    if buffers is None:
        check_constructors(model, reader)
        return None
    if (lines := len(model.layers) + len(model.adapters)) > DEEPEST:  # each is tried by itself
        problems.add(
            "model", f"got {lines} lines of layers and adapters, expected {DEEPEST} at most"
        )
        return None
    layers, adapters = (
        list(read_layers(model.layers, buffers, reader)),
        list(read_adapters(model.adapters, buffers, reader)),
    )
    placed = [(place, where) for place, where, _ in layers + adapters]
    check_edges(placed, buffers, problems)
    if len(problems.found) == before:
        check_paths(placed, buffers, problems)
    sizes = buffers.sizes
    seats = tuple(
        ModuleSpec(place, where, call, sizes[place.sender], sizes[place.receiver])
        for place, where, call in layers + adapters
        if call is not None
    )
    homes = {where for _, where in placed}
    absent = [name for name in model.adapters if f"model.adapters.{name}" not in homes]
    return NetworkSpec(
        buffers,
        seats,
        (*(place.name for place, _ in placed), *absent, *(f"{name}1" for name in absent)),
    )


Read = Iterator[tuple[NamedEdge, str, DeferredCall | None]]


def read_layers(node: Mapping[str, Any], buffers: Buffers, reader: Reader) -> Read:
    """Yield place, path and constructor of every layer."""
    problems = reader.problems
    first, *rest = buffers.families.values()
    for name, value in node.items():
        where = f"model.layers.{name}"
        if name == first.name:
            problems.add(where, f"{name} is the input, which has no layer; take it away")
        elif name not in buffers.families:
            problems.add(
                where, f"there is no buffer {name}{nearest(name, [family.name for family in rest])}"
            )
        else:
            call = reader.call(value, where, Layer, LAYER_FILLED)
            family = buffers.families[name]
            for position, member in enumerate(family.members, family.first):
                yield NamedEdge(member, position, position), where, call
    for family in rest:
        if family.name not in node:
            where = f"model.layers.{family.name}"
            problems.add(where, f"is missing; the buffer {family.name} needs a layer")
            yield from (
                (NamedEdge(name, at, at), where, None)
                for at, name in enumerate(family.members, family.first)
            )


def read_adapters(node: Mapping[str, Any], buffers: Buffers, reader: Reader) -> Read:
    """Yield place, path and constructor of every adapter."""
    problems = reader.problems
    for name, value in node.items():
        where = f"model.adapters.{name}"
        if not isinstance(value, Mapping):
            problems.add(
                where,
                f"got {format_value(value)}, expected from, to and `_target_`; to take it away write ~{where}",
            )
            continue
        call = read_adapter(value, where, reader)
        ends = []
        for end in ("from", "to"):
            if end not in value:
                problems.add(f"{where}.{end}", "is missing; name a buffer")
                continue
            with problems.at(f"{where}.{end}"):
                ends.append(read_endpoint(value[end], buffers))
        for place in named_edges(name, ends[0], ends[1]) if len(ends) == 2 else ():
            if is_open(place, where, buffers, problems):
                yield place, where, call


def read_adapter(node: Mapping[str, Any], where: str, reader: Reader) -> DeferredCall | None:
    """Return the constructor of an adapter."""
    return reader.call(
        {k: v for k, v in node.items() if k not in ("from", "to")}, where, Adapter, ADAPTER_FILLED
    )


def check_constructors(model: Model, reader: Reader) -> None:
    """Note what is wrong with the modules whatever the buffers are."""
    for name, node in model.layers.items():
        reader.call(node, f"model.layers.{name}", Layer, LAYER_FILLED)
    for name, node in model.adapters.items():
        if isinstance(node, Mapping):
            read_adapter(node, f"model.adapters.{name}", reader)
