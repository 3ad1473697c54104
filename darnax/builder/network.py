"""Reads the section `model` and returns a function from a key to a network."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Key

from darnax.builder.calls import Reader
from darnax.builder.deferred_call import DeferredCall
from darnax.builder.graph import check_edges, check_paths, is_open
from darnax.builder.numbers import check_numbers
from darnax.builder.problems import Problems, format_value, nearest
from darnax.builder.specification import Model
from darnax.builder.targets import is_of_darnax
from darnax.builder.wiring import (
    Buffers,
    NamedEdge,
    Size,
    named_edges,
    read_buffers,
    read_endpoint,
)
from darnax.connectivity import Dense
from darnax.layer_map import LayerMap
from darnax.modules import AbstractModule, Adapter, Layer
from darnax.orchestrators import Orchestrator

MOST_ENTRIES = 1000  # of `layers` and `adapters`; the constructor of each is traced
WIRING = ("from", "to", "transpose")  # keys of an adapter that are no arguments of its class
LAYER_FILLED = ("features", "key")
ADAPTER_FILLED = ("in_features", "out_features", "features", "key")


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["call"],
    meta_fields=["edge", "where", "sent", "received", "transpose"],
)
@dataclass(frozen=True)
class ModuleSpec:
    """The specification of one module.

    Args:
        edge: its name and its edge in the connection graph.
        where: its path in the configuration, for messages.
        call: its constructor.
        sent: size of the sender's buffer.
        received: size of the receiver's buffer.
        transpose: whether its weight starts as the transpose of that of the opposite edge.
    """

    edge: NamedEdge
    where: str
    call: DeferredCall
    sent: Size
    received: Size
    transpose: bool = False

    def make(self, key: Key[Array, ""]) -> AbstractModule:
        """Make the module.

        Sizes and key are passed to the constructor if it has parameters for them.
        """
        sizes = {
            "features": as_size_argument(self.sent),
            "in_features": as_size_argument(self.sent),
            "out_features": as_size_argument(self.received),
        }
        return self.call(**sizes, key=key)


@partial(jax.tree_util.register_dataclass, data_fields=["modules", "orchestrator"], meta_fields=[])
@dataclass(frozen=True)
class NetworkFactory:
    """A function from a key to a network.

    It is a pytree of the numbers in the constructors' arguments, so that networks that differ in
    numbers alone are made by one compiled program.
    """

    modules: tuple[ModuleSpec, ...]
    orchestrator: DeferredCall

    def __call__(self, key: Key[Array, ""]) -> Orchestrator:
        """Make every module with a key of its own, and the network of them."""
        rows: dict[int, dict[int, AbstractModule]] = {}
        names: dict[tuple[int, int], str] = {}
        for spec in self.modules:
            name, receiver, sender = spec.edge
            module = spec.make(key_for_module(key, name))
            rows.setdefault(receiver, {})[sender] = module
            names[receiver, sender] = name
        for spec in self.modules:
            if spec.transpose:
                _, receiver, sender = spec.edge
                rows[receiver][sender] = with_transpose(spec, rows[receiver], rows[sender])
        return self.orchestrator(layer_map=LayerMap.from_dict(rows, names))


def with_transpose(
    spec: ModuleSpec, row: Mapping[int, AbstractModule], opposite: Mapping[int, AbstractModule]
) -> AbstractModule:
    """Return an adapter whose weight is the transpose of that of the opposite edge.

    Raises:
        ValueError: one of them has no matrix W, or their sizes do not fit.
    """
    name, receiver, sender = spec.edge
    module: Any = row[sender]
    weight, other = dense_matrix(module), dense_matrix(opposite[receiver])
    if weight is None or other is None or other.T.shape != weight.shape:
        what = "expected two dense adapters of opposite directions, with matrices W of their sizes"
        raise ValueError(f"{name}: transpose: got {type(opposite[receiver]).__name__}, {what}")
    return eqx.tree_at(lambda adapter: adapter.W, module, other.T)


def dense_matrix(module: AbstractModule) -> Array | None:
    """Return the matrix W of an adapter, or None if it has none, or another layout of it."""
    weight = getattr(module, "W", None)
    is_dense = isinstance(getattr(module, "connectivity", None), Dense | None)
    return weight if is_dense and getattr(weight, "ndim", 0) == 2 else None


@dataclass(frozen=True)
class NetworkSpec:
    """The specification of a network.

    Args:
        buffers: all buffers.
        modules: all modules.
        names: of modules that other sections may refer to: besides those of `modules` the adapters
            that have no edge, because the network is not deep enough or because of a problem.
    """

    buffers: Buffers
    modules: tuple[ModuleSpec, ...]
    names: tuple[str, ...]


def key_for_module(key: Key[Array, ""], name: str) -> Key[Array, ""]:
    """Return the key of the module called `name`, which depends on no other module."""
    # A checksum, because Python's `hash` of a string differs from process to process.
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


def as_size_argument(size: Size) -> int | Size:
    """Return a size as an argument of a constructor: an integer if it has one dimension."""
    return size[0] if len(size) == 1 else size


def read_network(model: Model, reader: Reader) -> NetworkSpec | None:
    """Return the network that `model` describes, or None with the reasons among the problems.

    The modules themselves are checked later, by `modules.check_modules`.
    """
    problems = reader.problems
    before = len(problems.found)
    check_numbers(model, problems)
    buffers = read_buffers(model.buffers, problems)
    if buffers is None:
        check_constructors(model, reader)
        return None
    entries = len(model.layers) + len(model.adapters)
    if entries > MOST_ENTRIES:
        what = f"got {entries} layers and adapters, expected at most {MOST_ENTRIES}"
        problems.add("model", what)
        return None
    layers = list(read_layers(model.layers, buffers, reader))
    adapters = list(read_adapters(model.adapters, buffers, reader))
    edges = [(edge, where) for edge, where, _ in layers + adapters]
    check_edges(edges, buffers, problems)
    # With a missing edge every layer behind it would be reported as unreachable.
    if len(problems.found) == before:
        check_paths(edges, buffers, problems)
    sizes = buffers.sizes
    transposed = read_transposed(model.adapters, edges, problems)
    modules = []
    for edge, where, call in layers + adapters:
        if call is not None:
            sent, received = sizes[edge.sender], sizes[edge.receiver]
            modules.append(ModuleSpec(edge, where, call, sent, received, where in transposed))
    with_edge = {where for _, where in edges}
    absent = [name for name in model.adapters if f"model.adapters.{name}" not in with_edge]
    # A repeated adapter makes modules called name1, name2, …; `learn` may name any of them.
    names = (*(edge.name for edge, _ in edges), *absent, *(f"{name}1" for name in absent))
    return NetworkSpec(buffers, tuple(modules), names)


ModuleEntries = Iterator[tuple[NamedEdge, str, DeferredCall | None]]


def read_layers(node: Mapping[str, Any], buffers: Buffers, reader: Reader) -> ModuleEntries:
    """Yield edge, path in the configuration and constructor of every layer."""
    problems = reader.problems
    first, *rest = buffers.families.values()
    for name, value in node.items():
        where = f"model.layers.{name}"
        if name == first.name:
            problems.add(where, f"{name} is the input, which has no layer; remove it")
        elif name not in buffers.families:
            absent = f"there is no buffer {name}{nearest(name, [each.name for each in rest])}"
            problems.add(where, f"{absent}; ~{where} removes the layer")
        else:
            call = read_module(value, where, Layer, LAYER_FILLED, reader)
            family = buffers.families[name]
            for position, member in enumerate(family.members, family.first):
                yield NamedEdge(member, position, position), where, call
    for family in rest:
        if family.name not in node:
            where = f"model.layers.{family.name}"
            problems.add(where, f"is missing; the buffer {family.name} needs a layer")
            # Without a constructor, so that the layer is not reported as unreachable as well.
            for position, member in enumerate(family.members, family.first):
                yield NamedEdge(member, position, position), where, None


def read_adapters(node: Mapping[str, Any], buffers: Buffers, reader: Reader) -> ModuleEntries:
    """Yield edge, path in the configuration and constructor of every adapter."""
    problems = reader.problems
    for name, value in node.items():
        where = f"model.adapters.{name}"
        if not isinstance(value, Mapping):
            what = f"got {format_value(value)}, expected from, to and `_target_`"
            problems.add(where, f"{what}; to remove it write ~{where}")
            continue
        call = read_adapter(value, where, reader)
        ends = []
        for end in ("from", "to"):
            if end not in value:
                problems.add(f"{where}.{end}", "is missing; name a buffer")
                continue
            with problems.at(f"{where}.{end}"):
                ends.append(read_endpoint(value[end], buffers))
        if len(ends) != 2:
            continue
        for edge in named_edges(name, ends[0], ends[1]):
            if is_open(edge, where, buffers, problems):
                yield edge, where, call


def read_transposed(
    node: Mapping[str, Any], edges: Sequence[tuple[NamedEdge, str]], problems: Problems
) -> set[str]:
    """Return the paths of the adapters with `transpose: true`; note one without an opposite."""
    present = {(edge.receiver, edge.sender) for edge, _ in edges}
    transposed = set()
    for name, value in node.items():
        where = f"model.adapters.{name}"
        choice = value.get("transpose", False) if isinstance(value, Mapping) else False
        if not isinstance(choice, bool):
            got = format_value(choice)
            problems.add(f"{where}.transpose", f"got {got}, expected true or false")
        elif choice:
            transposed.add(where)
    for edge, where in edges:
        if where in transposed and (edge.sender, edge.receiver) not in present:
            what = f"{edge.name}: there is no adapter in the opposite direction"
            problems.add(f"{where}.transpose", what)
    return transposed


def read_adapter(node: Mapping[str, Any], where: str, reader: Reader) -> DeferredCall | None:
    """Return the constructor of an adapter."""
    arguments = {name: value for name, value in node.items() if name not in WIRING}
    return read_module(arguments, where, Adapter, ADAPTER_FILLED, reader)


def read_module(
    node: Any, where: str, kind: type, filled: Sequence[str], reader: Reader
) -> DeferredCall | None:
    """Return the constructor of a module, or None with problems noted.

    The margin of the default rule is refused here, and not by the constructor alone: it is often
    set in the file of a model, and a file that starts from that one can replace a key and not
    remove it.
    """
    call = reader.call(node, where, kind, filled)
    if call is None or not is_of_darnax(call.factory) or call.arguments.get("rule") is None:
        return call
    if call.arguments.get("threshold") is None:
        return call
    rule = str(node["rule"].get("_target_")).rpartition(".")[2]
    what = f"is the margin of the default perceptron rule, which {rule} replaces here"
    advice = f"write `threshold: null` in a file, or ~{where}.threshold on the command line"
    reader.problems.add(f"{where}.threshold", f"{what}; {advice}")
    return None


def check_constructors(model: Model, reader: Reader) -> None:
    """Note the problems of modules that do not depend on the buffers."""
    for name, node in model.layers.items():
        read_module(node, f"model.layers.{name}", Layer, LAYER_FILLED, reader)
    for name, node in model.adapters.items():
        if isinstance(node, Mapping):
            read_adapter(node, f"model.adapters.{name}", reader)
