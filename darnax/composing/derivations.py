"""Which values of a configuration were made of others, and which an override would leave behind.

Where references are kept, a value follows those that it refers to. In a config.yaml they are gone;
what each value was made of is noted, and an override that would leave one behind is refused.
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

OR_ELSE = "or start from the experiment instead"
BEHIND = f"was computed from {{}}, which changes; give {{}} as well, {OR_ELSE}"


def derivations(written: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return key -> keys for every value that a configuration makes of others.

    Args:
        written: the configuration with its references, as `Composed.written` gives it.

    Example:
        >>> derivations({"a": 1, "b": ["${a}"], "c": "${a} of ${b}", "computed_from": {"a": ["d"]}})
        {'b.0': ['a'], 'c': ['a', 'b'], 'a': ['d']}
    """
    tree = {key: value for key, value in written.items() if key != COMPUTED}
    texts = ((key, value) for key, value in references.leaves(tree) if isinstance(value, str))
    found = {key: references.named_in(text) for key, text in texts if "${" in text}
    computed = {key: list(keys) for key, keys in written.get(COMPUTED, {}).items()}
    return {key: keys for key, keys in {**found, **computed}.items() if keys}


def is_computed(node: Any) -> bool:
    """Return whether a value has the form of what is noted: lists of keys, under keys.

    Example:
        >>> is_computed({"b.0": ["a"]}), is_computed({"b": "a"}), is_computed({"b": ["${a}"]})
        (True, False, False)
    """
    if not isinstance(node, dict) or not all(isinstance(keys, list) for keys in node.values()):
        return False
    return all(isinstance(key, str) and is_key(key) for key in [*node, *chain(*node.values())])


def is_key(text: str) -> bool:
    """Return whether a text may be the key of a value: it is short, and refers to nothing."""
    return len(text) <= KEYS and "${" not in text


def require_fresh(before: Composed, after: Composed, touched: Collection[str]) -> None:
    """Raise RequestError where a value would stay behind that was made of others, which change.

    Args:
        before: the configuration, with what its plain values were computed from.
        after: the configuration after overrides.
        touched: the keys that the overrides give.
    """
    stale = Freshness(before, after, touched).stale()
    problems = [Problem(key, BEHIND.format(source, key)) for key, source in stale.items()]
    if problems:
        raise RequestError(*problems)


class Keys:
    """Dotted keys that are asked for what stands above and below them, in the time of one key."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self.exact: set[str] = set()
        self.above: set[str] = set()
        for key in keys:
            self.add(key)

    def add(self, key: str) -> None:
        """Add a key."""
        *above, exact = lineage(key)
        self.exact.add(exact)
        self.above.update(above)

    def cover(self, key: str) -> bool:
        """Return whether one of the keys is this one, or stands above it."""
        return not self.exact.isdisjoint(lineage(key))

    def meet(self, key: str) -> bool:
        """Return whether one of the keys is this one, or stands above or below it."""
        return self.cover(key) or self.stand_below(key)

    def stand_below(self, key: str) -> bool:
        """Return whether one of the keys stands below this one."""
        return references.normalised(key) in self.above


def lineage(key: str) -> list[str]:
    """Return `a`, `a.b`, `a.b.c` of `a.b.c`."""
    parts = references.split(key)
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


class Freshness:
    """What overrides change, and what they would leave behind; every value is compared once."""

    def __init__(self, before: Composed, after: Composed, touched: Collection[str]) -> None:
        self.before, self.after = before, after
        self.touched = Keys(touched)
        self.there = set(names(after.resolved))
        self.known: dict[str, bool] = {}
        self.left = Keys()

    def stale(self) -> dict[str, str]:
        """Return the key of every value that would stay behind -> a key that it was made of."""
        found: dict[str, str] = {}
        grew = True
        while grew and len(found) < references.MOST:  # what is left behind leaves others behind
            grew = False
            for key, keys in self.before.computed_from.items():
                for name, source in self.left_behind(key, keys):
                    if name not in found:
                        found[name], grew = source, True
                        self.left.add(name)
        return found

    def left_behind(self, key: str, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield the key of a value, or of its parts, that would stay behind, and its source."""
        if self.touched.cover(key) or references.normalised(key) not in self.there:
            return
        changed = [source for source in keys if self.changes(source)]
        if not self.touched.stand_below(key):
            yield from ((key, source) for source in changed[:1])
            return
        # A part of it is given. Of a copy of another value, the other parts are its parts.
        for source in changed:
            for part in self.parts(source):
                name, origin = f"{key}.{part}", f"{source}.{part}"
                given = self.touched.meet(name)
                if not given and self.is_copy(name, origin) and self.changes(origin):
                    yield name, origin

    def parts(self, key: str) -> list[str]:
        """Return the names, below a key, of the values that stand there before and after."""
        nodes = [find(each.resolved, key) for each in (self.before, self.after)]
        holders = [node for node in nodes if isinstance(node, Mapping | list)]
        found = (name for node in holders for name, _ in references.leaves(node))
        return [name for name in dict.fromkeys(found) if name]

    def is_copy(self, name: str, origin: str) -> bool:
        """Return whether two values were the same before; where neither was there, they were."""
        one, other = (find(self.before.resolved, key) for key in (name, origin))
        return (one is ABSENT) == (other is ABSENT) and (one is ABSENT or repr(one) == repr(other))

    def changes(self, key: str) -> bool:
        """Return whether a value changes, or ought to."""
        if key not in self.known:
            old, new = find(self.before.resolved, key), find(self.after.resolved, key)
            self.known[key] = (old is ABSENT) != (new is ABSENT) or repr(old) != repr(new)
        return self.known[key] or self.left.meet(key)


def names(node: Any, name: str = "") -> Iterator[str]:
    """Yield the dotted name of every value, and of everything that holds values."""
    if not isinstance(node, Mapping | list):
        return
    for key, inner in node.items() if isinstance(node, Mapping) else enumerate(node):
        below = f"{name}.{key}" if name else str(key)
        yield below
        yield from names(inner, below)
