"""Names of the points of a sweep: the fewest overrides that distinguish them."""

import itertools
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from darnax.reports.configuration import short_names
from darnax.sweeps.record import Record

Overrides = tuple[str, ...]


def name_points(record: Record, without: Collection[str] = ()) -> dict[Overrides, str]:
    """Name every point, without some keys.

    Example: `depth=2 j_d=0.5` for `model.depth=2 model.layers.hidden.j_d=0.5`.
    """
    points = {point.overrides: split_overrides(point.overrides) for point in record.points}
    constant = constant_keys(list(points.values()), select_given_once(record.overrides))
    differing = {}
    for overrides, values in points.items():
        differing[overrides] = {key: value for key, value in values.items() if key not in constant}
    all_keys = list(dict.fromkeys(itertools.chain.from_iterable(differing.values())))
    shortened = short_names(all_keys, all_keys)
    named = {}
    for overrides, values in differing.items():
        kept = {shortened[key]: value for key, value in values.items() if key not in without}
        named[overrides] = join_overrides(kept)
    return named


def constant_keys(points: Sequence[Mapping[str, str]], asked: Mapping[str, str]) -> set[str]:
    """Return the keys that distinguish no points: those with one value in all of them.

    The command line of a search gives the values to choose from. The only point of a search so far
    therefore has values that were not asked for, and these are not constant.
    """
    if not points:
        return set()
    first, *others = points
    constant = set()
    for key, value in first.items():
        is_same = all(point.get(key) == value for point in others)
        if is_same and (others or asked.get(key) == value):
            constant.add(key)
    return constant if set(first) - constant else set()  # a name is never empty


def select_given_once(overrides: Sequence[str]) -> dict[str, str]:
    """Map the keys that were given exactly once to their value."""
    keys = Counter(override.partition("=")[0].lstrip("+~") for override in overrides)
    return {key: value for key, value in split_overrides(overrides).items() if keys[key] == 1}


def split_overrides(overrides: Sequence[str]) -> dict[str, str]:
    """Map every key to its last value, or to all its dictionaries, which Hydra merges."""
    found: dict[str, str] = {}
    for override in overrides:
        key, _, value = override.partition("=")
        key = key.lstrip("+~")
        merges = value.startswith("{") and found.get(key, "").startswith("{")
        found[key] = f"{found[key]}+{value}" if merges else value
    return found


def join_overrides(values: Mapping[str, str]) -> str:
    """Return keys and values as one types them."""
    return " ".join(f"{key}={value}" for key, value in values.items())
