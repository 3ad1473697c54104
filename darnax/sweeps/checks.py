"""Composes and builds the points of a sweep before the first one starts, to report errors early."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from darnax.errors import Problem, RequestError, one_line
from darnax.printing import count_of
from darnax.sweeps.names import split_overrides
from darnax.sweeps.point import Point
from darnax.trees import leaves

if TYPE_CHECKING:
    from darnax.runner.experiment import Experiment

SEVERAL = "got several values, expected one for all points: no result depends on it"
ONE_RUN = "several processes train one run, not a sweep; leave it out, or train one run"
NAMED = 3  # points that a message names; it counts the others
LARGE = (
    1 << 30
)  # replicas add to the seed: a seed below this stays in range with any number of them
Leaf = tuple[str, Any]
Leaves = frozenset[Leaf]


def require_distinct(points: Sequence[Point]) -> None:
    """Raise RequestError for every key that has several values and distinguishes no two points.

    Paths and tracking (`ASIDE`) change no result: points that differ only there would be one.
    """
    first: dict[str, Point] = {}
    keys: dict[str, None] = {}
    for point in points:
        same = first.setdefault(point.identity, point)
        if point.config != same.config:
            mine, others = split_overrides(point.overrides), split_overrides(same.overrides)
            keys |= dict.fromkeys(key for key in mine if mine[key] != others.get(key))
    if keys:
        raise RequestError(*(Problem(key, SEVERAL) for key in keys))


def check_point(config: Mapping[str, Any], *, here: bool) -> "Experiment":
    """Build a point as its run will, without opening data; raise RequestError if it is invalid."""
    from darnax.builder import build
    from darnax.runner.devices import make_mesh

    experiment = build(config)
    if experiment.runner.distributed is not None:
        raise RequestError(Problem("runner.distributed", ONE_RUN))
    if here:
        make_mesh(experiment)
    return experiment


def check_points(points: Sequence[Point], *, here: bool) -> list[Point]:
    """Return the points, each with the reason if the builder refuses it.

    The builder judges a float by its key alone, but integers (sizes) in combination. So among the
    points that agree in all text, one is built for every new combination of integers and for every
    new float; the others need no build of their own.
    """
    seen: dict[Leaves, set[Leaf | Leaves]] = defaultdict(set)
    checked = []
    for point in points:
        if point.refusal:
            checked.append(point)
            continue
        texts, integers, numbers = split_by_type(point.content)
        new: set[Leaf | Leaves] = {integers, *numbers}
        reason = "" if new <= seen[texts] else explain_refusal(point, here=here)
        if not reason:
            seen[texts] |= new
        checked.append(replace(point, refusal=reason))
    return checked


def explain_refusal(point: Point, *, here: bool) -> str:
    """Return why the builder refuses a point; "" where it does not."""
    try:
        check_point(point.config or {}, here=here)
    except RequestError as error:
        return one_line(error)
    return ""


def split_by_type(config: Mapping[str, Any]) -> tuple[Leaves, Leaves, Leaves]:
    """Split a configuration into texts, integers and floats; a usual seed is none of them."""
    kinds: dict[type, set[Leaf]] = {str: set(), int: set(), float: set()}
    rest = {key: value for key, value in config.items() if key != "seed" or not is_small(value)}
    for name, value in leaves(rest):
        kinds.get(type(value), kinds[str]).add((name, repr(value)))
    return frozenset(kinds[str]), frozenset(kinds[int]), frozenset(kinds[float])


def is_small(seed: Any) -> bool:
    """Return whether a value is a seed that is valid whatever else the configuration contains."""
    return isinstance(seed, int) and 0 <= seed < LARGE


def find_refusals(points: Sequence[Point], names: Mapping[tuple[str, ...], str]) -> list[Problem]:
    """Return the reasons why points are refused, each once with all points that it applies to."""
    names_by_reason: dict[str, list[str]] = defaultdict(list)
    for point in points:
        if point.refusal:
            names_by_reason[reason_of_key(point)].append(names[point.overrides])
    return [Problem(name_some(found), reason) for reason, found in names_by_reason.items()]


def reason_of_key(point: Point) -> str:
    """Return why a point is refused; where an override is refused, of its key alone.

    Points of a sweep over a key that does not exist are then refused for one reason.
    """
    reason = point.refusal or ""
    for override in point.overrides:
        if reason.startswith(f"{override}: "):
            return reason.replace(override, override.partition("=")[0], 1)
    return reason


def name_some(names: Sequence[str]) -> str:
    """Name a few points and count the others."""
    named = ", ".join(names[:NAMED])
    others = len(names) - NAMED
    return f"{named} and {count_of(others, 'more point')}" if others > 0 else named
