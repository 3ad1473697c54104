"""A configuration as a flat mapping `model.depth` -> 2, and what differs between several of them."""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from darnax.bounded_yaml import load_plain

Flat = Mapping[str, Hashable]

# The key of a config.yaml under which stands, for every value that was made of others, what it was
# made of. It is no part of the configuration: whatever reads one leaves it out.
COMPUTED = "computed_from"
ABSENT = "–"  # the value of a key that a configuration does not have
# What does not change what is learnt:
WITHOUT_EFFECT = (
    "paths.",
    "tracking.",
    "observables.",
    "trust",
    "runner.keep",
    "runner.checkpoint_every",
    "runner.replicas",
)
MOST_ENDINGS = (
    50  # of a key, the key itself among them: of all, the length is a square of that of the key
)
LENGTH = re.compile(r"(\d+) epochs")
SECTION = re.compile(r"^(?=[A-Za-z_])", re.MULTILINE)


def without_computed(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a config.yaml holds, without what its values were made of.

    Example:
        >>> without_computed({"a": 1, "b": 1, "computed_from": {"b": ["a"]}})
        {'a': 1, 'b': 1}
    """
    if COMPUTED not in config:
        return config
    return {key: value for key, value in config.items() if key != COMPUTED}


def parse(text: str) -> Flat:
    r"""Read the YAML of a config.yaml.

    Raises:
        ValueError: it is not YAML, or not a mapping, or it unfolds to more than it says.

    Example:
        >>> parse("model:\n  depth: 2\n  size: [3, 4]\nseed: 0")
        {'model.depth': 2, 'model.size': (3, 4), 'seed': 0}
    """
    try:
        flat = {
            key: value
            for part in SECTION.split(text)
            if part
            for key, value in section(part).items()
        }
    except ValueError:  # the whole may be YAML where its parts are not
        flat = dict(section(text))
    flat = {key: value for key, value in flat.items() if not f"{key}.".startswith(f"{COMPUTED}.")}
    if not flat:
        raise ValueError("it is empty")
    return flat


@lru_cache(maxsize=4096)
def section(text: str) -> Flat:
    """Read one top-level key with all below it; the runs of a sweep share most of theirs, and YAML is slow."""
    value = load_plain(text)
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"got {value!r:.40}, expected names with values")
    return dict(leaves(value or {}))


def leaves(value: Mapping[Any, Any], prefix: str = "") -> Iterable[tuple[str, Hashable]]:
    """Yield what is not a mapping, under its dotted name."""
    for name, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield from leaves(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", as_hashable(inner)


def as_hashable(value: Any) -> Hashable:
    """Return the value as one that can be compared and counted."""
    if isinstance(value, list):
        return tuple(map(as_hashable, value))
    if isinstance(value, dict):
        return tuple((name, as_hashable(inner)) for name, inner in value.items())
    return value if isinstance(value, Hashable) else str(value)


def differing_keys(configs: Sequence[Flat], asked: Iterable[str] = ()) -> list[str]:
    """Return the keys in which configurations of one experiment differ, those that were `asked` for first.

    Keys that cannot change what is learnt are left out, and so is a key that only repeats another one, as
    `buffers.hidden.repeat: ${model.depth}` does, unless it was asked for.
    """
    found: dict[str, set[Hashable]] = defaultdict(set)
    keys = dict.fromkeys(
        key for config in configs for key in config if not key.startswith(WITHOUT_EFFECT)
    )
    groups: dict[Hashable, list[Flat]] = defaultdict(list)
    for config in configs:
        groups[config.get("name")].append(config)
    for group in groups.values():
        for key in keys:
            values = {config.get(key, ABSENT) for config in group}
            if len(values) > 1:
                found[key] |= values
    return without_mirrors([key for key in keys if key in found], configs, set(asked))


def without_mirrors(keys: list[str], configs: Sequence[Flat], asked: set[str]) -> list[str]:
    """Leave out a key whose value is, in every configuration, that of a shorter one, alone or in brackets."""
    kept: dict[tuple[Hashable, ...], str] = {}
    for key in sorted(keys, key=lambda k: (k not in asked, k.count("."), len(k))):
        values = tuple(without_brackets(config.get(key, ABSENT)) for config in configs)
        if key in asked or values not in kept:
            kept[(key, *values) if values in kept else values] = key
    return sorted((key for key in keys if key in kept.values()), key=lambda key: key not in asked)


def without_brackets(value: Hashable) -> Hashable:
    """Return x for [x], and 6 for `6 epochs`, as `${runner.epochs} epochs` in a schedule becomes."""
    if isinstance(value, str) and (match := LENGTH.fullmatch(value)):
        return int(match[1])
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def short_names(keys: Sequence[str], everything: Iterable[str]) -> dict[str, str]:
    """Return for every key the shortest ending, in whole words, that no other key has.

    Example:
        >>> short_names(["model.depth", "train.free.steps"], ["model.depth", "train.free.steps", "train.recall.steps"])
        {'model.depth': 'depth', 'train.free.steps': 'free.steps'}
    """
    owners: dict[str, set[str]] = defaultdict(set)
    for key in {*keys, *everything}:
        for ending in endings(key):
            owners[ending].add(key)
    return {key: next((e for e in endings(key) if len(owners[e]) == 1), key) for key in keys}


def endings(key: str) -> list[str]:
    """Return `c`, `b.c`, `a.b.c` of `a.b.c`."""
    words = key.split(".")
    return [*(".".join(words[-n:]) for n in range(1, min(len(words), MOST_ENDINGS))), key]
