"""Who talks to whom: the wiring graph, and the modules on its edges."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Self

import equinox as eqx

from darnax.modules import AbstractModule, Adapter, Layer

Edge = tuple[int, int]  # (receiver, sender)


class LayerMap(eqx.Module):
    """receiver -> {sender: module}; the keys are static under jit, the modules are the leaves.

    The layer of buffer i stands at (i, i), an adapter from buffer j to buffer i at (i, j). Make one with `from_dict`.
    """

    modules: tuple[AbstractModule, ...]
    edges: tuple[Edge, ...] = eqx.field(static=True)
    names: tuple[str, ...] = eqx.field(static=True)

    @classmethod
    def from_dict(
        cls,
        rows: Mapping[int, Mapping[int, AbstractModule]],
        names: Mapping[Edge, str] | None = None,
    ) -> Self:
        """Wire `rows[receiver][sender]`; `names` are for optimiser groups and metrics, by default `layer_i` and `j_to_i`.

        Raises:
            ValueError: a receiver without a layer, an adapter to the input, a layer off the diagonal, an adapter on it, a
                sender that is no buffer of the network, a name for no module, or two modules of one name.
        """
        wiring = {(i, j): module for i in sorted(rows) for j, module in sorted(rows[i].items())}
        validate(wiring)
        if unknown := set(names or {}) - set(wiring):
            raise ValueError(f"got names for {sorted(unknown)}, expected some of {sorted(wiring)}")
        called = {edge: default_name(edge) for edge in wiring} | dict(names or {})
        if len(set(called.values())) < len(wiring):
            raise ValueError(f"two modules have one name: {sorted(called.values())}")
        return cls(tuple(wiring.values()), tuple(wiring), tuple(called[edge] for edge in wiring))

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

    @property
    def output(self) -> int:
        """The index of the output buffer."""
        return self.edges[-1][0]

    def with_modules(self, modules: Sequence[AbstractModule]) -> Self:
        """Return the same wiring with other modules, in the order of `edge_items`."""
        return eqx.tree_at(lambda lm: lm.modules, self, tuple(modules))

    def __str__(self) -> str:
        lines = (
            f"  {j} -> {i}  {name}: {type(m).__name__}"
            for ((i, j), m), name in zip(self.edge_items(), self.names, strict=True)
        )
        return "\n".join([f"LayerMap of {self.output + 1} buffers", *lines])


def default_name(edge: Edge) -> str:
    """Return the name of a module that was given none."""
    receiver, sender = edge
    return f"layer_{receiver}" if receiver == sender else f"{sender}_to_{receiver}"


def validate(wiring: Mapping[Edge, AbstractModule]) -> None:
    """Raise ValueError, with the edge, for the first edge that no network can have."""
    if not wiring:
        raise ValueError("got no module, expected at least an output layer")
    last = max(i for i, _ in wiring)
    for (i, j), module in wiring.items():
        kind, expected = ("layer", Layer) if i == j else ("adapter", Adapter)
        if i <= 0:
            raise ValueError(
                f"{j} -> {i}: receivers are numbered from 1, for buffer 0 is the input and listens to nobody"
            )
        if not isinstance(module, expected):
            got = f"got a {type(module).__name__}"
            raise ValueError(f"{j} -> {i}: {got}, expected the {kind} of this edge")
        if not 0 <= j <= last:
            raise ValueError(f"{j} -> {i}: there is no buffer {j}; buffers go from 0 to {last}")
        if (i, i) not in wiring:
            raise ValueError(
                f"{j} -> {i}: buffer {i} receives a message but has no layer at ({i}, {i})"
            )
