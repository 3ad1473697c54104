"""What has changed in the points of a sweep since they were written down."""

from collections.abc import Iterator, Sequence
from typing import Any

from darnax.errors import Problem
from darnax.sweeps.record import Point

ABSENT = "absent"


def find_changes(before: Sequence[Point], now: Sequence[Point]) -> Iterator[Problem]:
    """Yield every value that differs, once for all points with the same difference, and every point that came or went."""
    recorded, composed = ({point.overrides: point for point in points} for points in (before, now))
    seen: set[Problem] = set()
    for overrides in dict.fromkeys([*recorded, *composed]):
        for problem in find_differences(recorded.get(overrides), composed.get(overrides)):
            if problem not in seen:
                seen.add(problem)
                yield problem


def find_differences(before: Point | None, now: Point | None) -> Iterator[Problem]:
    """Yield what differs in one point."""
    if before is None or now is None:
        point = before or now
        yield Problem(
            " ".join(point.overrides if point else ()),
            "is a new point" if now else "is no point any more",
        )
    elif now.refusal and not before.refusal:
        yield Problem(" ".join(now.overrides), now.refusal)
    elif before.identity != now.identity and not before.refusal:
        old, new = dict(flatten(before.content)), dict(flatten(now.content))
        for name in dict.fromkeys([*old, *new]):
            if old.get(name, ABSENT) != new.get(name, ABSENT):
                yield Problem(name, f"was {old.get(name, ABSENT)}, is {new.get(name, ABSENT)}")


def flatten(tree: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted name and the text of every leaf."""
    if isinstance(tree, dict) and tree:
        for key, child in tree.items():
            yield from flatten(child, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, repr(tree)
