"""What a wiring must be, whatever its modules are: one module on an edge, and a way for every message to arrive."""

from collections.abc import Iterable, Sequence

from darnax.builder.problems import Problems
from darnax.builder.wiring import Buffers, NamedEdge


def is_open(place: NamedEdge, where: str, buffers: Buffers, problems: Problems) -> bool:
    """Whether an adapter may stand at this place; if not, note why."""
    if place.receiver == 0:
        problems.add(f"{where}.to", f"{buffers.names[0]} is the input, which listens to nobody")
    elif place.receiver == place.sender:
        name = buffers.names[place.receiver]
        problems.add(
            f"{where}.to",
            f"from {name} to {name}: what a layer says to itself is its layer's; connect two buffers",
        )
    return place.receiver not in (0, place.sender)


def check_edges(
    placed: Sequence[tuple[NamedEdge, str]], buffers: Buffers, problems: Problems
) -> None:
    """Note edges and names that two modules share."""
    edges: dict[tuple[int, int], str] = {}
    names: dict[str, str] = {}
    for place, where in placed:
        edge = (place.receiver, place.sender)
        ends = f"from {buffers.names[place.sender]} to {buffers.names[place.receiver]}"
        if (other := edges.setdefault(edge, where)) != where:
            problems.add(where, f"{ends} there is {other} already; take one of the two away")
        elif (other := names.setdefault(place.name, where)) != where:
            problems.add(
                where,
                f"makes a module called {place.name}, and so does {other}; choose another name",
            )


def check_paths(
    placed: Iterable[tuple[NamedEdge, str]], buffers: Buffers, problems: Problems
) -> None:
    """Note every layer that no message from the input reaches; the output passes nothing on."""
    edges = {
        (place.sender, place.receiver) for place, _ in placed if place.sender != place.receiver
    }
    names, output = buffers.names, buffers.output
    reached = {0}
    while more := {to for at, to in edges if at in reached and at != output} - reached:
        reached |= more
    if not any(to == output for _, to in edges):
        problems.add(
            "model.adapters", f"nothing feeds the output; add an adapter with `to: {names[output]}`"
        )
    for position in range(1, output):
        if position not in reached:
            problems.add(
                "model.adapters",
                f"no message from {names[0]} reaches {names[position]}; add an adapter to it",
            )
