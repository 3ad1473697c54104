"""Check the connection graph: one module on each edge, and a path from the input to all layers."""

from collections.abc import Iterable, Sequence

from darnax.builder.problems import Problems
from darnax.builder.wiring import Buffers, NamedEdge


def is_open(edge: NamedEdge, where: str, buffers: Buffers, problems: Problems) -> bool:
    """Return whether an adapter may be on this edge; if not, note why."""
    if edge.receiver == 0:
        problems.add(f"{where}.to", f"{buffers.names[0]} is the input, which receives no messages")
    elif edge.receiver == edge.sender:
        name = buffers.names[edge.receiver]
        what = "the message of a buffer to itself is that of its layer; connect two buffers"
        problems.add(f"{where}.to", f"from {name} to {name}: {what}")
    return edge.receiver not in (0, edge.sender)


def check_edges(
    entries: Sequence[tuple[NamedEdge, str]], buffers: Buffers, problems: Problems
) -> None:
    """Note edges and names that two modules share."""
    edges: dict[tuple[int, int], str] = {}
    names: dict[str, str] = {}
    for edge, where in entries:
        with_same_edge = edges.setdefault((edge.receiver, edge.sender), where)
        if with_same_edge != where:
            ends = f"from {buffers.names[edge.sender]} to {buffers.names[edge.receiver]}"
            what = f"{ends} there is {with_same_edge} already; take one of the two away"
            problems.add(where, what)
            continue
        with_same_name = names.setdefault(edge.name, where)
        if with_same_name != where:
            what = f"makes a module called {edge.name}, and so does {with_same_name}"
            problems.add(where, f"{what}; choose another name")


def check_paths(
    entries: Iterable[tuple[NamedEdge, str]], buffers: Buffers, problems: Problems
) -> None:
    """Note every layer without a path from the input; paths through the output do not count."""
    edges = {(edge.sender, edge.receiver) for edge, _ in entries if edge.sender != edge.receiver}
    names, output = buffers.names, buffers.output
    reached: set[int] = set()
    new = {0}
    while new:
        reached |= new
        senders = reached - {output}
        new = {receiver for sender, receiver in edges if sender in senders} - reached
    if not any(receiver == output for _, receiver in edges):
        what = f"nothing feeds the output; add an adapter with `to: {names[output]}`"
        problems.add("model.adapters", what)
    for position in range(1, output):
        if position not in reached:
            what = f"no message from {names[0]} reaches {names[position]}; add an adapter to it"
            problems.add("model.adapters", what)
