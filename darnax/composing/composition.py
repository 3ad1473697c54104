"""A configuration as it was composed, beside what it comes to: references are kept, what a resolver gave is a value."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from darnax.composing import references
from darnax.composing.references import ABSENT, find
from darnax.errors import RequestError
from darnax.reports.configuration import COMPUTED

ENVIRONMENT = re.compile(r"\$\{\s*(?:oc\.env|now|hydra|python_version)\s*:[^${}]*\}")
# What looks a key up by itself: a key with leading dots is relative, as it is in a reference.
LOOKS_UP = r"oc\.(?:select|deprecated|dict\.keys|dict\.values)\s*:\s*['\"]?"
SELECTED = re.compile(LOOKS_UP + r"(\.*[\w.\[\]-]+)")
# A key of which a part is looked up as well: `${model.layers.${which}}`.
OPEN = re.compile(r"(?:\$\{|" + LOOKS_UP + r")(\.*)([\w.\[\]-]*)\$\{")
WORD = re.compile(r"\.*\w[\w.\[\]-]*")


@dataclass(frozen=True)
class Composed:
    """A configuration.

    Args:
        resolved: plain values, without any reference.
        tree: the same with `${key}` wherever one value is that of another.
        computed_from: dotted key of a value that was made of others, and does not follow them, ->
            the keys of these.
    """

    resolved: dict[str, Any]
    tree: dict[str, Any]
    computed_from: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def to_container(self) -> dict[str, Any]:
        """Return what a file has to hold for overrides of it to act as they would have when it was composed."""
        if not self.computed_from:
            return self.tree
        return {
            **self.tree,
            COMPUTED: {key: list(keys) for key, keys in self.computed_from.items()},
        }


def keep_references(raw: dict[str, Any], resolved: dict[str, Any]) -> Composed:
    """Return a configuration from its texts with all interpolations, and from what these come to."""
    computed: dict[str, list[str]] = {}
    tree = keep_node(raw, resolved, "", raw, computed)
    try:
        faithful = repr(references.resolve(tree)) == repr(resolved)
    except RequestError:
        faithful = False
    if not faithful:  # an unusual interpolation: nothing follows by itself then
        tree = resolved
        texts = {
            key: text
            for key, text in references.leaves(raw)
            if isinstance(text, str) and "${" in text
        }
        computed = {key: sources(text, key, raw) for key, text in texts.items()}
    return Composed(resolved, tree, {key: found for key, found in computed.items() if found})


def keep_node(
    raw: Any, resolved: Any, name: str, whole: Any, computed: dict[str, list[str]]
) -> Any:
    """Return a node with its references, and with the value in the place of any other interpolation, which is noted."""
    if isinstance(raw, dict):
        below = f"{name}." if name else ""
        return {
            key: keep_node(inner, resolved[key], f"{below}{key}", whole, computed)
            for key, inner in raw.items()
        }
    if isinstance(raw, list):
        pairs = enumerate(zip(raw, resolved, strict=True))
        return [
            keep_node(inner, value, f"{name}.{index}", whole, computed)
            for index, (inner, value) in pairs
        ]
    if not isinstance(raw, str) or "${" not in raw:
        return raw
    if references.is_plain(raw):
        return references.absolute(raw, name)
    computed[name] = sources(raw, name, whole)
    return resolved


def sources(text: str, name: str, tree: Any) -> list[str]:
    """Return the keys that an interpolation with a resolver, or inside of another one, may have looked at.

    Example:
        >>> sources("${oc.select:model.depth,2}", "x", {"model": {"depth": 1}})
        ['model.depth']
        >>> sources("${oc.env:HOME}", "x", {"HOME": 1})
        []
        >>> sources("${.${which}}", "a.b", {"a": {"c": 1}, "which": "c"})
        ['a', 'which']
    """
    text = references.absolute(ENVIRONMENT.sub("", text), name)
    unfinished = (match.groups() for match in OPEN.finditer(text))
    searched = [key for dots, start in unfinished for key in holders(dots, start, name, tree)]
    selected = [references.absolute(f"${{{key}}}", name)[2:-1] for key in SELECTED.findall(text)]
    words = (word.rstrip(".") for word in WORD.findall(text))
    there = [word for word in words if find(tree, word.lstrip(".")) is not ABSENT]
    return list(dict.fromkeys([*searched, *selected, *there]))


def holders(dots: str, start: str, name: str, tree: Any) -> Iterator[str]:
    """Yield what holds the value of a key that begins like this, or every key of the whole."""
    above = name.split(".")[: -len(dots)] if dots else []
    parts = [*above, *references.split(start)[:-1]]
    if parts:
        yield ".".join(parts)
    else:
        yield from map(str, tree)
