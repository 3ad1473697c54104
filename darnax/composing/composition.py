"""A composed configuration with its references; the result of a resolver is kept as a value."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from darnax.composing import references
from darnax.composing.references import ABSENT, find
from darnax.errors import RequestError
from darnax.reports.configuration import COMPUTED
from darnax.trees import join_key

ENVIRONMENT = re.compile(r"\$\{\s*(?:oc\.env|now|hydra|python_version)\s*:[^${}]*\}")
# Resolvers that look up a key; a key with leading dots is relative, as in a reference.
LOOKS_UP = r"oc\.(?:select|deprecated|dict\.keys|dict\.values)\s*:\s*['\"]?"
SELECTED = re.compile(LOOKS_UP + r"(\.*[\w.\[\]-]+)")
# A key that contains another lookup: `${model.layers.${which}}`.
OPEN = re.compile(r"(?:\$\{|" + LOOKS_UP + r")(\.*)([\w.\[\]-]*)\$\{")
WORD = re.compile(r"\.*\w[\w.\[\]-]*")


@dataclass(frozen=True)
class Composed:
    """A configuration.

    Args:
        resolved: plain values, without any reference.
        tree: the same, with `${key}` wherever one value is that of another.
        computed_from: dotted key of a value that was computed from others and does not follow
            them -> the keys of these.
    """

    resolved: dict[str, Any]
    tree: dict[str, Any]
    computed_from: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def to_container(self) -> dict[str, Any]:
        """Return what a file has to contain so that overrides of it act as in the original."""
        if not self.computed_from:
            return self.tree
        computed = {key: list(keys) for key, keys in self.computed_from.items()}
        return {**self.tree, COMPUTED: computed}


def keep_references(raw: dict[str, Any], resolved: dict[str, Any]) -> Composed:
    """Return a configuration, given its texts with all interpolations and its resolved values."""
    computed: dict[str, list[str]] = {}
    tree = keep_node(raw, resolved, "", raw, computed)
    try:
        is_faithful = repr(references.resolve(tree)) == repr(resolved)
    except RequestError:
        is_faithful = False
    if not is_faithful:  # an unusual interpolation: keep no references, and note all sources
        tree = resolved
        computed = {
            key: find_sources(text, key, raw) for key, text in references.interpolations(raw)
        }
    return Composed(resolved, tree, {key: found for key, found in computed.items() if found})


def keep_node(
    raw: Any, resolved: Any, name: str, whole: Any, computed: dict[str, list[str]]
) -> Any:
    """Return a node with its references; other interpolations are replaced by their values.

    The sources of the latter are added to `computed`.
    """
    if isinstance(raw, dict):
        kept = {}
        for key, inner in raw.items():
            below = join_key(name, key)
            kept[key] = keep_node(inner, resolved[key], below, whole, computed)
        return kept
    if isinstance(raw, list):
        items = []
        for index, (inner, value) in enumerate(zip(raw, resolved, strict=True)):
            items.append(keep_node(inner, value, f"{name}.{index}", whole, computed))
        return items
    if not isinstance(raw, str) or "${" not in raw:
        return raw
    if references.is_plain(raw):
        return references.make_absolute(raw, name)
    computed[name] = find_sources(raw, name, whole)
    return resolved


def find_sources(text: str, name: str, tree: Any) -> list[str]:
    """Return the keys that a nested interpolation, or one with a resolver, may have read.

    Example:
        >>> find_sources("${oc.select:model.depth,2}", "x", {"model": {"depth": 1}})
        ['model.depth']
        >>> find_sources("${oc.env:HOME}", "x", {"HOME": 1})
        []
        >>> find_sources("${.${which}}", "a.b", {"a": {"c": 1}, "which": "c"})
        ['a', 'which']
    """
    text = references.make_absolute(ENVIRONMENT.sub("", text), name)
    found: list[str] = []
    for match in OPEN.finditer(text):
        found += find_holders(match[1], match[2], name, tree)
    for key in SELECTED.findall(text):
        found.append(references.make_absolute(f"${{{key}}}", name)[2:-1])
    for word in WORD.findall(text):
        key = word.rstrip(".")
        if find(tree, key.lstrip(".")) is not ABSENT:
            found.append(key)
    return list(dict.fromkeys(found))


def find_holders(dots: str, start: str, name: str, tree: Any) -> Iterator[str]:
    """Yield the key of what contains the keys that begin like this, or else every root key."""
    above = name.split(".")[: -len(dots)] if dots else []
    parts = [*above, *references.split_key(start)[:-1]]
    if parts:
        yield ".".join(parts)
    else:
        yield from map(str, tree)
