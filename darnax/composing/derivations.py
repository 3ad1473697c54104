"""Which values were computed from others, and which of them an override would make outdated.

A value with a reference follows what it refers to. A config.yaml contains no references; it notes
what each value was computed from, and an override that would make one outdated is refused.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from darnax.bounded_yaml import KEYS
from darnax.composing import references
from darnax.composing.composition import Composed
from darnax.composing.references import ABSENT, find
from darnax.errors import Problem, RequestError
from darnax.reports.configuration import COMPUTED
from darnax.trees import leaves, list_names

OR_ELSE = "or start from the experiment instead"
BEHIND = f"was computed from {{}}, which changes; give {{}} as well, {OR_ELSE}"


def find_derivations(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return key -> keys for every value that a configuration derives from others.

    Args:
        config: the configuration with its references, as `Composed.to_container` returns it.

    Example:
        >>> config = {"a": 1, "b": ["${a}"], "c": "${a} of ${b}", "computed_from": {"a": ["d"]}}
        >>> find_derivations(config)
        {'b.0': ['a'], 'c': ['a', 'b'], 'a': ['d']}
    """
    tree = {key: value for key, value in config.items() if key != COMPUTED}
    found = {}
    for key, text in references.interpolations(tree):
        found[key] = references.find_references(text)
    for key, keys in config.get(COMPUTED, {}).items():
        found[key] = list(keys)
    return {key: keys for key, keys in found.items() if keys}


def is_computed(node: Any) -> bool:
    """Return whether a value has the form of `computed_from`: lists of keys, under keys.

    Example:
        >>> is_computed({"b.0": ["a"]}), is_computed({"b": "a"}), is_computed({"b": ["${a}"]})
        (True, False, False)
    """
    if not isinstance(node, dict) or not all(isinstance(keys, list) for keys in node.values()):
        return False
    return all(isinstance(key, str) and is_key(key) for key in [*node, *chain(*node.values())])


def is_key(text: str) -> bool:
    """Return whether a text may be the key of a value: it is short and contains no reference."""
    return len(text) <= KEYS and "${" not in text


class OutdatedError(RequestError):
    """Overrides would leave values as they are that were computed from what they change."""


def require_fresh(before: Composed, after: Composed, touched: Collection[str]) -> None:
    """Raise OutdatedError if overrides make a value outdated that was computed from others.

    Args:
        before: the configuration, with what its plain values were computed from.
        after: the configuration after overrides.
        touched: the keys that the overrides set.
    """
    stale = Freshness(before, after, touched).find_stale()
    problems = [Problem(key, BEHIND.format(source, key)) for key, source in stale.items()]
    if problems:
        raise OutdatedError(*problems)


class Keys:
    """A set of dotted keys, with quick lookups of keys above and below a given one."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self.exact: set[str] = set()
        self.above: set[str] = set()
        for key in keys:
            self.add(key)

    def add(self, key: str) -> None:
        """Add a key."""
        *above, exact = list_prefixes(key)
        self.exact.add(exact)
        self.above.update(above)

    def covers(self, key: str) -> bool:
        """Return whether the set contains this key, or one above it."""
        return not self.exact.isdisjoint(list_prefixes(key))

    def meets(self, key: str) -> bool:
        """Return whether the set contains this key, or one above or below it."""
        return self.covers(key) or self.has_below(key)

    def has_below(self, key: str) -> bool:
        """Return whether the set contains a key below this one."""
        return references.normalise_key(key) in self.above


def list_prefixes(key: str) -> list[str]:
    """Return `a`, `a.b`, `a.b.c` for `a.b.c`."""
    parts = references.split_key(key)
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


class Freshness:
    """Finds the values that overrides make outdated; every value is compared once."""

    def __init__(self, before: Composed, after: Composed, touched: Collection[str]) -> None:
        self.before, self.after = before, after
        self.touched = Keys(touched)
        self.existing = set(list_names(after.resolved))
        self.changed: dict[str, bool] = {}
        self.outdated = Keys()

    def find_stale(self) -> dict[str, str]:
        """Map the key of every outdated value to a key that it was computed from."""
        found: dict[str, str] = {}
        grew = True
        while grew and len(found) < references.MOST:  # an outdated value may make others outdated
            grew = False
            for key, keys in self.before.computed_from.items():
                for name, source in self.find_outdated(key, keys):
                    if name not in found:
                        found[name], grew = source, True
                        self.outdated.add(name)
        return found

    def find_outdated(self, key: str, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield an outdated value, or its outdated parts, each with its source."""
        if self.touched.covers(key) or references.normalise_key(key) not in self.existing:
            return
        changed = [source for source in keys if self.has_changed(source)]
        if not self.touched.has_below(key):
            for source in changed[:1]:
                yield key, source
            return
        # The overrides set a part of the value. If it copies another value, compare part by part.
        for source in changed:
            for part in self.list_parts(source):
                name, origin = f"{key}.{part}", f"{source}.{part}"
                if self.touched.meets(name):
                    continue
                if self.is_copy(name, origin) and self.has_changed(origin):
                    yield name, origin

    def list_parts(self, key: str) -> list[str]:
        """Return the names below a key of the values that are there before or after."""
        found: dict[str, None] = {}
        for each in (self.before, self.after):
            node = find(each.resolved, key)
            if isinstance(node, Mapping | list):
                found |= dict.fromkeys(name for name, _ in leaves(node))
        return [name for name in found if name]

    def is_copy(self, name: str, origin: str) -> bool:
        """Return whether two values were equal before, or both absent."""
        value, original = (find(self.before.resolved, key) for key in (name, origin))
        if value is ABSENT or original is ABSENT:
            return value is original
        # As text, because 1, 1.0 and True are equal in Python.
        return repr(value) == repr(original)

    def has_changed(self, key: str) -> bool:
        """Return whether a value has changed, or is outdated."""
        if key not in self.changed:
            old, new = find(self.before.resolved, key), find(self.after.resolved, key)
            appeared_or_vanished = (old is ABSENT) != (new is ABSENT)
            self.changed[key] = appeared_or_vanished or repr(old) != repr(new)
        return self.changed[key] or self.outdated.meets(key)
