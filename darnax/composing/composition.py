"""A configuration as it was composed, beside what it comes to: references are kept, what a resolver gave is a value."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from darnax.composing import references
from darnax.composing.references import ABSENT, find
from darnax.errors import Problem, RequestError

# The key of a written configuration under which stand the values that a resolver made of others, and these others.
COMPUTED = "computed_from"
ENVIRONMENT = re.compile(r"\$\{\s*(?:oc\.env|now|hydra|python_version)\s*:[^${}]*\}")
SELECTED = re.compile(r"oc\.select\s*:\s*(\.*[\w.\[\]-]+)")
WORD = re.compile(r"\.*\w[\w.\[\]-]*")


@dataclass(frozen=True)
class Composed:
    """A configuration.

    Args:
        resolved: plain values, without any reference.
        tree: the same with `${key}` wherever one value is that of another.
        computed_from: dotted key of a value that a resolver made -> the keys of the values that it was made of.
    """

    resolved: dict[str, Any]
    tree: dict[str, Any]
    computed_from: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        """Return what a file has to hold for overrides of it to act as they would have when it was composed."""
        if not self.computed_from:
            return self.tree
        return {**self.tree, COMPUTED: {key: list(keys) for key, keys in self.computed_from.items()}}


def keep_references(raw: dict[str, Any], resolved: dict[str, Any]) -> Composed:
    """Return a configuration from its texts with all interpolations, and from what these come to."""
    computed: dict[str, list[str]] = {}
    tree = kept(raw, resolved, "", raw, computed)
    try:
        faithful = repr(references.resolve(tree)) == repr(resolved)
    except RequestError:
        faithful = False
    if not faithful:  # an unusual interpolation: nothing follows by itself then
        tree = resolved
        texts = {key: text for key, text in references.leaves(raw) if isinstance(text, str) and "${" in text}
        computed = {key: sources(text, key, raw) for key, text in texts.items()}
    return Composed(resolved, tree, {key: found for key, found in computed.items() if found})


def kept(raw: Any, resolved: Any, name: str, whole: Any, computed: dict[str, list[str]]) -> Any:
    """Return a node with its references, and with the value in the place of any other interpolation, which is noted."""
    if isinstance(raw, dict):
        below = f"{name}." if name else ""
        return {key: kept(inner, resolved[key], f"{below}{key}", whole, computed) for key, inner in raw.items()}
    if isinstance(raw, list):
        pairs = enumerate(zip(raw, resolved, strict=True))
        return [kept(inner, value, f"{name}.{index}", whole, computed) for index, (inner, value) in pairs]
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
    """
    text = references.absolute(ENVIRONMENT.sub("", text), name)
    selected = [references.absolute(f"${{{key}}}", name)[2:-1] for key in SELECTED.findall(text)]
    words = (word.rstrip(".") for word in WORD.findall(text))
    there = [word for word in words if find(tree, word.lstrip(".")) is not ABSENT]
    return list(dict.fromkeys([*selected, *there]))


def require_fresh(before: Composed, after: Composed, touched: Collection[str]) -> None:
    """Raise RequestError where a value that was computed from others would stay behind while these change."""
    stale: dict[str, str] = {}
    grew = True
    while grew and len(stale) < references.MOST:
        grew = False
        for key, keys in before.computed_from.items():
            if key in stale or stays_free(after, key, touched):
                continue
            changed = [source for source in keys if differs(before, after, source) or is_part(source, stale)]
            if changed:
                stale[key], grew = changed[0], True
    if stale:
        what = "was computed from {}, which changes; give {} as well, or start from the experiment instead"
        raise RequestError(*(Problem(key, what.format(source, key)) for key, source in stale.items()))


def stays_free(after: Composed, key: str, touched: Collection[str]) -> bool:
    """Tell a computed value that the overrides give as well, or that is gone."""
    return is_part(key, touched) or find(after.resolved, key) is ABSENT


def differs(before: Composed, after: Composed, key: str) -> bool:
    """Tell whether a value has changed."""
    old, new = find(before.resolved, key), find(after.resolved, key)
    return (old is ABSENT) != (new is ABSENT) or repr(old) != repr(new)


def is_part(key: str, others: Collection[str]) -> bool:
    """Tell whether a key stands in, or holds, one of the others."""
    return any(f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}.") for other in others)
