"""Points of a sweep from another machine or folder, with the paths of this one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from darnax.composing import saved_configuration
from darnax.composing.references import find
from darnax.laboratory.machine import DATA, values_here, with_paths_here
from darnax.sweeps.point import Point


def keep_paths(point: Point) -> Point:
    """Return a point of a sweep that starts on this machine: its paths are those requested."""
    return point


def point_here(point: Point) -> Point:
    """Return a point of a recorded sweep, with its missing paths replaced by this machine's.

    The record stays as it is: the sweep may return to the machine where it was started, or run on
    several machines.

    Raises:
        RequestError: a value computed from such a path would keep its old value.
        RequestError: a value that was computed from such a path would stay behind.
    """
    return with_values(point, values_here(point.config or {}))


def point_at(point: Point, config: Mapping[str, Any]) -> Point:
    """Return a point with the paths that its run has recorded in its own configuration."""
    paths, recorded = config.get("paths"), (point.config or {}).get("paths")
    if not isinstance(paths, Mapping) or not isinstance(recorded, Mapping):
        return point
    others = [name for name in recorded if paths.get(name) not in (None, recorded[name])]
    return with_values(point, {f"paths.{name}": paths[name] for name in others}, fresh=False)


def with_values(point: Point, values: Mapping[str, Any], *, fresh: bool = True) -> Point:
    """Return a point with other values, and with what its references derive from them."""
    if not values or point.config is None:
        return point
    before = saved_configuration.from_recorded_point(point.config, point.composed or {})
    after = saved_configuration.apply_overrides(
        before, [], lambda key: False, fresh=fresh, here=values
    )
    return replace(point, config=after.resolved, composed=after.to_container())


def warn_of_points(points: Iterable[Point]) -> None:
    """Warn once for every data folder that replaces a recorded one."""
    seen: set[str] = set()
    for point in points:
        config = point.config or {}
        folder = str(find(config, DATA))
        if folder not in seen:
            seen.add(folder)
            with_paths_here(config)
