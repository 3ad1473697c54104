"""What has changed in the points of a sweep since they were recorded."""

from collections.abc import Iterator, Sequence

from darnax.errors import Problem
from darnax.sweeps.point import Point
from darnax.trees import leaves

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
        old, new = dict(leaves(before.content)), dict(leaves(now.content))
        for name in dict.fromkeys([*old, *new]):
            # Compared as text: 1 and 1.0 and true are equal, and different settings.
            was = repr(old[name]) if name in old else ABSENT
            is_now = repr(new[name]) if name in new else ABSENT
            if was != is_now:
                yield Problem(name, f"was {was}, is {is_now}")
