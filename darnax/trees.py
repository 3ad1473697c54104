"""Trees of mappings and lists, and the dotted names of what they contain: `model.layers.hidden`.

A configuration, an override and the content of a YAML or JSON file are such trees.
"""

from collections.abc import Iterator, Mapping
from typing import Any


def join_key(name: str, key: Any) -> str:
    """Return the dotted name of a child; `name` is that of its parent, "" for the root."""
    return f"{name}.{key}" if name else str(key)


def list_children(node: Any, *, lists: bool = True) -> list[tuple[Any, Any]]:
    """Return the keys or indices of a node with its children; [] of a value.

    With `lists` false, lists count as values.
    """
    if isinstance(node, Mapping):
        return list(node.items())
    return list(enumerate(node)) if lists and isinstance(node, list | tuple) else []


def walk(node: Any, name: str = "", *, lists: bool = True) -> Iterator[tuple[str, Any]]:
    """Yield the dotted name of every node with the node: the root first, parents before children.

    Example:
        >>> [name for name, _ in walk({"a": {"b": [5]}, "c": 6}, "root")]
        ['root', 'root.a', 'root.a.b', 'root.a.b.0', 'root.c']
    """
    yield name, node
    for key, child in list_children(node, lists=lists):
        yield from walk(child, join_key(name, key), lists=lists)


def leaves(node: Any, name: str = "", *, lists: bool = True) -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and the value of everything but filled mappings and lists.

    Example:
        >>> dict(leaves({"a": {"b": [5]}, "c": {}}))
        {'a.b.0': 5, 'c': {}}
        >>> dict(leaves({"a": {"b": [5]}, "c": {}}, lists=False))
        {'a.b': [5], 'c': {}}
    """
    for below, inner in walk(node, name, lists=lists):
        if not list_children(inner, lists=lists):
            yield below, inner


def list_names(node: Any, *, lists: bool = True) -> list[str]:
    """Return the dotted names of everything below a node.

    Example:
        >>> list_names({"a": {"b": [5]}}), list_names({"a": {"b": [5]}}, lists=False)
        (['a', 'a.b', 'a.b.0'], ['a', 'a.b'])
    """
    names = []
    for key, child in list_children(node, lists=lists):
        names += [name for name, _ in walk(child, str(key), lists=lists)]
    return names


def find_targets(node: Any, name: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every mapping with a `_target_`, with its dotted name; the root may be one.

    Example:
        >>> [name for name, _ in find_targets({"a": [{"_target_": "optax.sgd"}]})]
        ['a.0']
    """
    for below, inner in walk(node, name):
        if isinstance(inner, Mapping) and "_target_" in inner:
            yield below, inner
