"""What has changed in the points of a sweep since they were recorded."""

from collections.abc import Iterator, Sequence
from typing import Any

from darnax.errors import Problem
from darnax.sweeps.point import Point

ABSENT = "absent"


def find_changes(before: Sequence[Point], now: Sequence[Point]) -> Iterator[Problem]:
    """Yield every difference, and every added or removed point; equal differences once."""
    recorded = {point.overrides: point for point in before}
    composed = {point.overrides: point for point in now}
    seen: set[Problem] = set()
    for overrides in dict.fromkeys([*recorded, *composed]):
        for problem in find_differences(recorded.get(overrides), composed.get(overrides)):
            if problem not in seen:
                seen.add(problem)
                yield problem


def find_differences(before: Point | None, now: Point | None) -> Iterator[Problem]:
    """Yield the differences between the recorded and the composed form of one point."""
    if before is None or now is None:
        point = before or now
        overrides = point.overrides if point else ()
        yield Problem(" ".join(overrides), "is a new point" if now else "is not a point any more")
    elif now.refusal and not before.refusal:
        yield Problem(" ".join(now.overrides), now.refusal)
    elif before.identity != now.identity and not before.refusal:
        old, new = dict(flatten(before.content)), dict(flatten(now.content))
        for name in dict.fromkeys([*old, *new]):
            was, is_now = old.get(name, ABSENT), new.get(name, ABSENT)
            if was != is_now:
                yield Problem(name, f"was {was}, is {is_now}")


def flatten(tree: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted name and the text of every leaf; an empty mapping is a leaf."""
    if isinstance(tree, dict) and tree:
        for key, child in tree.items():
            yield from flatten(child, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, repr(tree)
