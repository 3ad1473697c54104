"""Every point of a sweep is composed and built before the first one starts: a mistake in the last one is found in time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from darnax.composing.references import leaves
from darnax.errors import Problem, RequestError, one_line
from darnax.printing import count_of
from darnax.sweeps.names import split_constant as parted_words
from darnax.sweeps.record import Point

if TYPE_CHECKING:
    from darnax.runner.experiment import Experiment

SEVERAL = "got several values, expected one for all points: no result depends on it"
NAMED = 3  # points in a message; the others are counted
LARGE = 1 << 30  # any number of replicas may be added to a smaller seed
Leaf = tuple[str, Any]
Leaves = frozenset[Leaf]


def require_telling(points: Sequence[Point]) -> None:
    """Raise RequestError for every key that has several values and tells no two points apart.

    Where things lie and who is told changes no result (`ASIDE`): such points would be one.
    """
    first: dict[str, Point] = {}
    keys: dict[str, None] = {}
    for point in points:
        same = first.setdefault(point.identity, point)
        if point.config != same.config:
            mine, others = (parted_words(each.overrides) for each in (point, same))
            keys |= dict.fromkeys(key for key in mine if mine[key] != others.get(key))
    if keys:
        raise RequestError(*(Problem(key, SEVERAL) for key in keys))


def check_point(config: Mapping[str, Any], *, here: bool) -> "Experiment":
    """Build a point as its run will; a RequestError says what is wrong with it. No data are opened."""
    from darnax.builder import build
    from darnax.runner.devices import mesh_of

    experiment = build(config)
    if here:
        mesh_of(experiment)
    return experiment


def check_points(points: Sequence[Point], *, here: bool) -> list[Point]:
    """Return the points, each with the reason if the builder refuses it.

    Of points that differ in numbers alone as many are built as have every combination of integers once, and every other
    number once: the builder judges a number by where it stands, and a structure by its words and integers.
    """
    seen: dict[Leaves, set[Leaf | Leaves]] = defaultdict(set)
    found = []
    for point in points:
        words, integers, numbers = split_by_type(point.content)
        new: set[Leaf | Leaves] = {integers, *numbers}
        reason = "" if point.refusal or new <= seen[words] else explain_refusal(point, here=here)
        if not point.refusal and not reason:
            seen[words] |= new
        found.append(replace(point, refusal=point.refusal or reason))
    return found


def explain_refusal(point: Point, *, here: bool) -> str:
    """Return why the builder refuses a point; "" where it does not."""
    try:
        check_point(point.config or {}, here=here)
    except RequestError as error:
        return one_line(error)
    return ""


def split_by_type(config: Mapping[str, Any]) -> tuple[Leaves, Leaves, Leaves]:
    """Part a configuration into its words, its integers and its other numbers; a seed is none of them, unless it is large."""
    kinds: dict[type, set[Leaf]] = {str: set(), int: set(), float: set()}
    rest = {key: value for key, value in config.items() if key != "seed" or not is_small(value)}
    for name, value in leaves(rest):
        kinds.get(type(value), kinds[str]).add((name, repr(value)))
    return frozenset(kinds[str]), frozenset(kinds[int]), frozenset(kinds[float])


def is_small(seed: Any) -> bool:
    """Tell whether a value is a seed whatever else the configuration says."""
    return isinstance(seed, int) and 0 <= seed < LARGE


def refusals(points: Sequence[Point], names: Mapping[tuple[str, ...], str]) -> list[Problem]:
    """Return what is wrong with points, once for all that are refused for the same reason."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for point in points:
        if point.refusal:
            reasons[point.refusal].append(names[point.overrides])
    return [Problem(name_some(called), reason) for reason, called in reasons.items()]


def name_some(names: Sequence[str]) -> str:
    """Name a few points and count the others."""
    more = f" and {count_of(len(names) - NAMED, 'more point')}" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
