"""What the points of a sweep are called: the overrides that set them apart, and no more of these than tells them apart."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from darnax.reports.configuration import short_names
from darnax.sweeps.record import Record

Overrides = tuple[str, ...]


def names(record: Record, without: Collection[str] = ()) -> dict[Overrides, str]:
    """Name every point, without these keys: `depth=2 j_d=0.5` for `model.depth=2 model.layers.hidden.j_d=0.5`."""
    points = {point.overrides: split_constant(point.overrides) for point in record.points}
    constant = constant_keys(list(points.values()), given_once(record.overrides))
    apart = {
        overrides: {key: value for key, value in values.items() if key not in constant}
        for overrides, values in points.items()
    }
    keys = list(dict.fromkeys(key for values in apart.values() for key in values))
    short = short_names(keys, keys)
    return {
        point: name_points({short[k]: v for k, v in values.items() if k not in without})
        for point, values in apart.items()
    }


def constant_keys(points: Sequence[Mapping[str, str]], asked: Mapping[str, str]) -> set[str]:
    """Return the keys that tell no point from another: of one value in all, or as the command line has them.

    The command line of a search says what is drawn: there a single point has a value that was not asked for.
    """
    if not points:
        return set()
    same = {
        key for key, value in points[0].items() if all(point.get(key) == value for point in points)
    }
    constant = {key for key in same if len(points) > 1 or asked.get(key) == points[0][key]}
    return constant if set(points[0]) - constant else set()


def given_once(overrides: Sequence[str]) -> dict[str, str]:
    """Map the keys that were given once to their value: of several words the last one counts, and tells."""
    keys = Counter(override.partition("=")[0].lstrip("+~") for override in overrides)
    return {key: value for key, value in split_constant(overrides).items() if keys[key] == 1}


def split_constant(overrides: Sequence[str]) -> dict[str, str]:
    """Map every key to its value: the last one, or all of them where they are dictionaries, which Hydra merges."""
    found: dict[str, str] = {}
    for override in overrides:
        key, _, value = override.partition("=")
        key = key.lstrip("+~")
        merges = value.startswith("{") and found.get(key, "").startswith("{")
        found[key] = f"{found[key]}+{value}" if merges else value
    return found


def name_points(values: Mapping[str, str]) -> str:
    """Write keys with values, as one types them."""
    return " ".join(f"{key}={value}" for key, value in values.items())
