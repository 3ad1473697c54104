"""What the points of a sweep are called: the overrides that set them apart, and no more of these than tells them apart."""

from collections.abc import Collection, Mapping, Sequence

from darnax.cli.sweep_record import Record
from darnax.reports.configuration import short_names

Overrides = tuple[str, ...]


def names(record: Record, without: Collection[str] = ()) -> dict[Overrides, str]:
    """Name every point, without these keys: `depth=2 j_d=0.5` for `model.depth=2 model.layers.hidden.j_d=0.5`."""
    points = [point.overrides for point in record.points]
    constant = set.intersection(*map(set, points)) if len(points) > 1 else set()
    constant |= {override for overrides in points for override in overrides if override.lstrip("+") in asked(record)}
    if points and set(points[0]) <= constant:
        constant = set()
    apart = {point: parted([override for override in point if override not in constant]) for point in points}
    keys = list(dict.fromkeys(key for values in apart.values() for key in values))
    short = short_names(keys, keys)
    return {point: named({short[k]: v for k, v in values.items() if k not in without}) for point, values in apart.items()}


def asked(record: Record) -> set[str]:
    """Return the overrides of the command; one that is that of a point as well has one value only."""
    return {override.lstrip("+") for override in record.overrides}


def parted(overrides: Sequence[str]) -> dict[str, str]:
    """Map every key to its value."""
    return {key.lstrip("+~"): value for key, _, value in (override.partition("=") for override in overrides)}


def named(values: Mapping[str, str]) -> str:
    """Write keys with values, as one types them."""
    return " ".join(f"{key}={value}" for key, value in values.items())
