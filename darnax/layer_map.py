"""The connection graph of a network, and the modules on its edges."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from html import escape
from typing import Self

import equinox as eqx

from darnax.modules import AbstractModule, Adapter, Layer
from darnax.printing import count_of

Edge = tuple[int, int]  # (receiver, sender)


class LayerMap(eqx.Module):
    """receiver -> {sender: module}; the keys are static under jit, the modules are the leaves.

    The layer of buffer i is at (i, i), an adapter from buffer j to buffer i at (i, j). Make one
    with `from_dict`.
    """

    modules: tuple[AbstractModule, ...]
    edges: tuple[Edge, ...] = eqx.field(static=True)
    names: tuple[str, ...] = eqx.field(static=True)
    # The pairs of `third_factors`, found once: every message of every trace asks for them.
    brought: tuple[tuple[Edge, Edge], ...] = eqx.field(static=True, default=())

    @classmethod
    def from_dict(
        cls,
        rows: Mapping[int, Mapping[int, AbstractModule]],
        names: Mapping[Edge, str] | None = None,
    ) -> Self:
        """Make a layer map of the modules `rows[receiver][sender]`.

        The names identify modules in optimiser groups and metrics; those that are not given are
        `layer_i` and `j_to_i`.

        Raises:
            ValueError: a receiver without a layer, an adapter to the input, a layer off the
                diagonal, an adapter on it, a sender that is not a buffer of the network, a name for
                an edge without a module, two modules with one name, or a third factor that is no
                adapter to the same buffer.
        """
        graph = {(i, j): module for i in sorted(rows) for j, module in sorted(rows[i].items())}
        validate(graph)
        given = dict(names or {})
        unknown = set(given) - set(graph)
        if unknown:
            raise ValueError(f"got names for {sorted(unknown)}, expected some of {sorted(graph)}")
        name_of = {edge: default_name(edge) for edge in graph} | given
        if len(set(name_of.values())) < len(graph):
            raise ValueError(f"two modules have one name: {sorted(name_of.values())}")
        names_in_order = tuple(name_of[edge] for edge in graph)
        brought = find_third_factors(graph, name_of)
        return cls(tuple(graph.values()), tuple(graph), names_in_order, tuple(brought.items()))

    def __getitem__(self, key: int | Edge | str) -> dict[int, AbstractModule] | AbstractModule:
        """Return the row `lm[i]`, {sender: module}, or the module `lm[i, j]` or `lm["w_in"]`.

        Raises:
            KeyError: there is no such row, edge or name.
        """
        if isinstance(key, str):
            return dict(zip(self.names, self.modules, strict=True))[key]
        if isinstance(key, tuple):
            return dict(self.edge_items())[key]
        row = {j: module for (i, j), module in self.edge_items() if i == key}
        if not row:
            raise KeyError(key)
        return row

    def __contains__(self, edge: object) -> bool:
        return edge in self.edges

    def __len__(self) -> int:
        return len(self.edges)

    def rows(self) -> tuple[int, ...]:
        """Return the receivers, in rising order; the last is the output."""
        return tuple(dict.fromkeys(i for i, _ in self.edges))

    def edge_items(self) -> Iterator[tuple[Edge, AbstractModule]]:
        """Yield ((receiver, sender), module), by receiver and then by sender."""
        return zip(self.edges, self.modules, strict=True)

    def names_by_edge(self) -> dict[Edge, str]:
        """Return (receiver, sender) -> the name of the module on that edge."""
        return dict(zip(self.edges, self.names, strict=True))

    def third_factors(self) -> dict[Edge, Edge]:
        """Return, for modules with a three-factor rule, edge -> the edge of the third factor.

        Messages of these edges enter no field. A module names one by its `third_factor`: an adapter
        to the same buffer, or a repeated one, of which it is the one to this buffer.
        """
        return dict(self.brought)

    def __repr__(self) -> str:
        return f"LayerMap({', '.join(self.names)})"

    def _repr_html_(self) -> str:
        """Draw the connection graph as a table: a row per receiver, a column per sender."""
        senders = sorted({j for _, j in self.edges})
        names = self.names_by_edge()
        heads = "".join(f"<th>{j}</th>" for j in senders)
        lines = [f"<tr><th>to \\ from</th>{heads}</tr>"]
        for i in self.rows():
            cells = "".join(f"<td>{escape(names.get((i, j), ''))}</td>" for j in senders)
            lines.append(f"<tr><th>{i}</th>{cells}</tr>")
        return f"<table>{''.join(lines)}</table>"

    @property
    def output(self) -> int:
        """The index of the output buffer."""
        return self.edges[-1][0]

    def with_modules(self, modules: Sequence[AbstractModule]) -> Self:
        """Return the same graph with other modules, in the order of `edge_items`."""
        return eqx.tree_at(lambda lm: lm.modules, self, tuple(modules))

    def __str__(self) -> str:
        lines = [f"LayerMap of {count_of(self.output + 1, 'buffer')}"]
        for (i, j), name, module in zip(self.edges, self.names, self.modules, strict=True):
            lines.append(f"  {j} -> {i}  {name}: {type(module).__name__}")
        return "\n".join(lines)


def default_name(edge: Edge) -> str:
    """Return the name of the module on an edge for which no name was given."""
    receiver, sender = edge
    return f"layer_{receiver}" if receiver == sender else f"{sender}_to_{receiver}"


def validate(graph: Mapping[Edge, AbstractModule]) -> None:
    """Raise ValueError, with the edge, for the first edge that no network can have."""
    if not graph:
        raise ValueError("got no module, expected at least an output layer")
    last = max(i for i, _ in graph)
    for (i, j), module in graph.items():
        kind, expected = ("layer", Layer) if i == j else ("adapter", Adapter)
        if i <= 0:
            reason = "for buffer 0 is the input and receives no messages"
            raise ValueError(f"{j} -> {i}: receivers are numbered from 1, {reason}")
        if not isinstance(module, expected):
            got = f"got a {type(module).__name__}"
            raise ValueError(f"{j} -> {i}: {got}, expected the {kind} of this edge")
        if not 0 <= j <= last:
            raise ValueError(f"{j} -> {i}: there is no buffer {j}; buffers go from 0 to {last}")
        if (i, i) not in graph:
            what = f"buffer {i} receives a message but has no layer at ({i}, {i})"
            raise ValueError(f"{j} -> {i}: {what}")


def find_third_factors(
    graph: Mapping[Edge, AbstractModule], names: Mapping[Edge, str]
) -> dict[Edge, Edge]:
    """Return edge -> the edge that brings the third factor, for modules that name one.

    Raises:
        ValueError: there is no such adapter to the buffer, or several.
    """
    found = {}
    for edge, module in graph.items():
        word = getattr(module, "third_factor", None)
        if word is not None:
            try:
                found[edge] = find_incoming(edge, word, names)
            except ValueError as error:
                raise ValueError(f"{names[edge]}: third_factor: {error}") from None
    return found


def find_incoming(asking: Edge, word: str, names: Mapping[Edge, str]) -> Edge:
    """Return the adapter to the receiver of an edge that a name, or that of an entry, stands for.

    Raises:
        ValueError: there is none, or several.
    """
    incoming = {name: (i, j) for (i, j), name in names.items() if i == asking[0] != j}
    matching = []
    for name, edge in incoming.items():
        if fnmatchcase(name, word) or fnmatchcase(name, f"{word}[0-9]*"):
            matching.append(edge)
    if len(matching) != 1:
        got = f"got {word!r}"
        expected = f"expected one of the adapters to the same buffer: {', '.join(incoming)}"
        raise ValueError(f"{got}, {expected}")
    return matching[0]
