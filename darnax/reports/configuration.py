"""A configuration as a flat mapping `model.depth` -> 2, and the keys in which several differ."""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from darnax.bounded_yaml import load_plain
from darnax.trees import leaves

Flat = Mapping[str, Hashable]

# The key of a config.yaml that maps every interpolated value to the keys that it was computed from.
# It is not part of the configuration: readers ignore it.
COMPUTED = "computed_from"
ABSENT = "–"  # shown as the value of a key that a configuration does not have
# Keys, or beginnings of keys, that do not change what is learned.
WITHOUT_EFFECT = (
    "paths.",
    "tracking.",
    "observables.",
    "trust",
    "runner.keep",
    "runner.checkpoint_every",
    "runner.measure_every",
    "runner.replicas",
    "runner.distributed",
)
# Of one key, the key itself included. The total length of all endings grows as the square of the
# length of the key, and a key in a foreign folder may be of any length.
MOST_ENDINGS = 50
LENGTH = re.compile(r"(\d+) epochs")
SECTION = re.compile(r"^(?=[A-Za-z_])", re.MULTILINE)


def without_computed(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the content of a config.yaml without the record of computed values.

    Example:
        >>> without_computed({"a": 1, "b": 1, "computed_from": {"b": ["a"]}})
        {'a': 1, 'b': 1}
    """
    if COMPUTED not in config:
        return config
    return {key: value for key, value in config.items() if key != COMPUTED}


def parse_section(text: str) -> Flat:
    """Read one top-level key with everything below it."""
    value = load_plain(text)
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"got {value!r:.40}, expected names with values")
    return flatten(value or {})


def parse(text: str, parse_section: Callable[[str], Flat] = parse_section) -> Flat:
    r"""Read the YAML of a config.yaml; `parse_section` may cache what it returns.

    Raises:
        ValueError: it is not YAML, or not a mapping, or its aliases expand beyond the limit.

    Example:
        >>> parse("model:\n  depth: 2\n  size: [3, 4]\nseed: 0")
        {'model.depth': 2, 'model.size': (3, 4), 'seed': 0}
    """
    flat: dict[str, Hashable] = {}
    try:
        for part in SECTION.split(text):
            if part:
                flat |= parse_section(part)
    except ValueError:  # the whole may be YAML where its parts are not
        flat = dict(parse_section(text))
    if COMPUTED in text:
        names = [key for key in flat if f"{key}.".startswith(f"{COMPUTED}.")]
        for name in names:
            del flat[name]
    if not flat:
        raise ValueError("it is empty")
    return flat


def flatten(tree: Mapping[Any, Any]) -> Flat:
    """Return every value that is not a filled mapping by its dotted key; lists become tuples."""
    if not tree:
        return {}
    return {key: as_hashable(value) for key, value in leaves(tree, lists=False)}


def as_hashable(value: Any) -> Hashable:
    """Return the value with lists and mappings as tuples."""
    if isinstance(value, list):
        return tuple(map(as_hashable, value))
    if isinstance(value, dict):
        return tuple((name, as_hashable(inner)) for name, inner in value.items())
    return value if isinstance(value, Hashable) else str(value)


def differing_keys(configs: Sequence[Flat], asked: Iterable[str] = ()) -> list[str]:
    """Return the keys in which configurations of one experiment differ, those in `asked` first.

    Keys that cannot change what is learned are left out, and so is a key that only repeats another
    one, as `buffers.hidden.repeat: ${model.depth}` does, unless it is in `asked`.
    """
    keys: dict[str, None] = {}  # in the order of the configurations
    groups: dict[Hashable, list[Flat]] = defaultdict(list)
    for config in configs:
        keys.update(dict.fromkeys(config))
        groups[config.get("name")].append(config)
    differing = set().union(*map(find_differences, groups.values()))
    return with_effect(differing, keys, configs, set(asked))


def between_experiments(configs: Sequence[Flat]) -> list[str]:
    """Return the keys in which configurations of any experiments differ, as `differing_keys`."""
    keys = dict.fromkeys(key for config in configs for key in config)
    return with_effect(find_differences(configs), keys, configs, set())


def with_effect(
    differing: set[str], keys: Iterable[str], configs: Sequence[Flat], asked: set[str]
) -> list[str]:
    """Return the differing keys that can change what is learned, without repetitions, in order."""
    in_order = [key for key in keys if key in differing and not key.startswith(WITHOUT_EFFECT)]
    return without_repetitions(in_order, configs, asked)


def find_differences(configs: Sequence[Flat]) -> set[str]:
    """Return the keys of which configurations have different values.

    Example:
        >>> sorted(find_differences([{"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 1, "b": 2, "c": 0}]))
        ['b', 'c']
    """
    unequal: set[str] = set()
    first = configs[0].items()
    for config in configs:  # one after the other, since all together are larger than a cache
        unequal.update(key for key, _ in config.items() ^ first)
    # A missing key counts as ABSENT, also beside a configuration with this text.
    return {key for key in unequal if len({config.get(key, ABSENT) for config in configs}) > 1}


def without_repetitions(keys: list[str], configs: Sequence[Flat], asked: set[str]) -> list[str]:
    """Leave out each key that has the same value as a shorter key in every configuration.

    [x] counts as equal to x. Keys in `asked` are always kept, and come first.
    """
    kept: set[str] = set()
    seen: set[tuple[Hashable, ...]] = set()
    for key in sorted(keys, key=lambda k: (k not in asked, k.count("."), len(k))):
        values = tuple(without_brackets(config.get(key, ABSENT)) for config in configs)
        if key in asked or values not in seen:
            kept.add(key)
            seen.add(values)
    return sorted((key for key in keys if key in kept), key=lambda key: key not in asked)


def without_brackets(value: Hashable) -> Hashable:
    """Return x for [x], and 6 for `6 epochs`, the value of `${runner.epochs} epochs`."""
    match = LENGTH.fullmatch(value) if isinstance(value, str) else None
    if match:
        return int(match[1])
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def short_names(keys: Sequence[str], everything: Iterable[str]) -> dict[str, str]:
    """Return for every key the shortest ending, in whole words, that no other key has.

    Example:
        >>> keys = ["model.depth", "train.free.steps", "train.recall.steps"]
        >>> short_names(keys[:2], keys)
        {'model.depth': 'depth', 'train.free.steps': 'free.steps'}
    """
    owners: dict[str, set[str]] = defaultdict(set)
    for key in {*keys, *everything}:
        for ending in list_endings(key):
            owners[ending].add(key)
    names = {}
    for key in keys:
        unique = [ending for ending in list_endings(key) if len(owners[ending]) == 1]
        names[key] = unique[0] if unique else key
    return names


def list_endings(key: str) -> list[str]:
    """Return `c`, `b.c`, `a.b.c` for `a.b.c`."""
    parts = key.split(".")
    lengths = range(1, min(len(parts), MOST_ENDINGS))
    return [*(".".join(parts[-n:]) for n in lengths), key]
