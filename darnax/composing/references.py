"""References `${a.b}` from one value of a plain configuration to another: followed in bounds, and never by a resolver.

A plain configuration consists of dictionaries, lists, strings, numbers, booleans and None.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from darnax.errors import Problem, RequestError

REFERENCE = re.compile(
    r"""\$\{(\.*[^\s\\${}()\[\]:.,'"=]+(?:\.[^\s\\${}()\[\]:.,'"=]+|\[\w+\])*)\}"""
)
LARGEST = (
    1 << 18
)  # values and characters; the largest configuration that comes with darnax has 6,000
LONGEST = 50  # references one after the other
MOST = 20  # problems that are listed
ABSENT: Any = object()
UNDER_WAY: Any = object()


def is_plain(text: str) -> bool:
    r"""Return whether all that a text refers to are values of the configuration.

    Example:
        >>> is_plain("${runner.epochs} epochs"), is_plain("${oc.env:HOME}"), is_plain("${model.${name}}"), is_plain(r"\${a}")
        (True, False, False, False)
    """
    return "${" not in REFERENCE.sub("", text) and "\\$" not in text


def named_in(text: str) -> list[str]:
    """Return the keys that a text refers to.

    Example:
        >>> named_in("${a.b} of ${c}")
        ['a.b', 'c']
    """
    return [match[1] for match in REFERENCE.finditer(text)]


def split(key: str) -> list[str]:
    """Return the parts of a dotted key.

    Example:
        >>> split("a.b[0].c")
        ['a', 'b', '0', 'c']
    """
    return re.sub(r"\[(\w+)\]", r".\1", key).split(".")


def normalised(key: str) -> str:
    """Return a dotted key with dots alone.

    Example:
        >>> normalised("a.b[0].c")
        'a.b.0.c'
    """
    return ".".join(split(key))


def child(node: Any, part: str) -> Any:
    """Return what stands under one part of a key, or ABSENT."""
    if isinstance(node, Mapping):
        return node.get(part, node.get(int(part), ABSENT) if part.isdecimal() else ABSENT)
    if isinstance(node, list) and part.isdecimal() and int(part) < len(node):
        return node[int(part)]
    return ABSENT


class Lookup:
    """Finds values by their keys; every key is looked up once, however often references name it."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.known: dict[str, Any] = {}

    def find(self, key: str) -> Any:
        """Return what stands under a key, or ABSENT; references on the way are followed, one that stands there is returned."""
        if key not in self.known:
            self.known[key] = UNDER_WAY
            node = self.tree
            for part in split(key):
                node = child(self.target(node), part)
            self.known[key] = node
        if self.known[key] is UNDER_WAY:
            raise RequestError(Problem(key, "refers to itself"))
        return self.known[key]

    def target(self, node: Any) -> Any:
        """Return what a value refers to if it is a reference and nothing else, and the value itself if not."""
        length = 0
        while isinstance(node, str) and (match := REFERENCE.fullmatch(node)):
            if (length := length + 1) > LONGEST:
                raise RequestError(
                    Problem(
                        match[1],
                        f"is reached by more than {LONGEST} references, or refers to itself",
                    )
                )
            node = self.find(match[1])
        return node


def find(tree: Any, key: str) -> Any:
    """Return what stands under a key, or ABSENT; references on the way are followed, one that stands there is returned.

    Example:
        >>> find({"a": "${b}", "b": {"c": [1, 2]}}, "a.c.1")
        2
    """
    return Lookup(tree).find(key)


def leaves(node: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and the value of everything that is no mapping or list; empty ones are leaves."""
    if not isinstance(node, Mapping | list) or not node:
        yield name, node
        return
    for key, inner in node.items() if isinstance(node, Mapping) else enumerate(node):
        yield from leaves(inner, f"{name}.{key}" if name else str(key))


def absolute(text: str, name: str) -> str:
    """Return the text at a dotted name with `${.sibling}` written in full.

    Example:
        >>> absolute("${.rate} and ${..b}, ${seed}", "a.c.step")
        '${a.c.rate} and ${a.b}, ${seed}'
    """

    def full(match: re.Match[str]) -> str:
        key = match[1].lstrip(".")
        dots = len(match[1]) - len(key)
        return f"${{{'.'.join([*name.split('.')[:-dots], key])}}}" if dots else match[0]

    return REFERENCE.sub(full, text)


def all_absolute(node: Any, name: str = "") -> Any:
    """Return a copy in which every reference is written in full."""
    if isinstance(node, Mapping):
        return {
            key: all_absolute(inner, f"{name}.{key}" if name else str(key))
            for key, inner in node.items()
        }
    if isinstance(node, list):
        return [all_absolute(inner, f"{name}.{index}") for index, inner in enumerate(node)]
    return absolute(node, name) if isinstance(node, str) else node


def resolve(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in which every reference is replaced by what it refers to.

    Raises:
        RequestError: names every value that refers to nothing or to itself, or has still to be given (`???`); or the copy
            would be larger than any configuration.

    Example:
        >>> resolve({"depth": 2, "size": ["${depth}"], "text": "${depth} layers"})
        {'depth': 2, 'size': [2], 'text': '2 layers'}
    """
    resolution = Resolution(tree)
    try:
        resolved: dict[str, Any] = resolution.value(tree, "")
    except RecursionError as error:
        raise RequestError("the configuration is nested too deep, or refers to itself") from error
    if resolution.problems:
        raise RequestError(*dict.fromkeys(resolution.problems))
    return resolved


class Resolution:
    """One pass over a configuration; problems are collected, but for a size that goes beyond all bounds."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self.tree = tree
        self.lookup = Lookup(tree)
        self.problems: list[Problem] = []
        self.left = LARGEST
        self.followed: list[str] = []

    def value(self, node: Any, name: str) -> Any:
        """Return the copy of what stands at a name."""
        self.count(1)
        if isinstance(node, Mapping):
            return {
                key: self.value(inner, f"{name}.{key}" if name else str(key))
                for key, inner in node.items()
            }
        if isinstance(node, list):
            return [self.value(inner, f"{name}.{index}") for index, inner in enumerate(node)]
        return self.text(node, name) if isinstance(node, str) else node

    def text(self, text: str, name: str) -> Any:
        """Return what a text stands for."""
        if text == "???":
            self.refuse(name, "has no value yet (???); give it one")
        if match := REFERENCE.fullmatch(text):
            return self.follow(match[1], name)
        text = REFERENCE.sub(lambda match: str(self.follow(match[1], name)), text)
        self.count(len(text))
        if "${" in text:
            self.refuse(name, f"got {text}, which still refers to something")
        return text

    def follow(self, key: str, name: str) -> Any:
        """Return what a reference at a name leads to."""
        if key in self.followed:
            self.refuse(name, f"refers to ${{{key}}}, and so to itself")
            return None
        if len(self.followed) > LONGEST:
            raise RequestError(
                Problem(name, f"is reached by more than {LONGEST} references, one after the other")
            )
        if (found := self.lookup.find(key)) is ABSENT:
            from darnax.composing import (
                explanations,
            )  # which needs OmegaConf, and commands that compose nothing go without

            known = explanations.hint(key, explanations.walk(self.tree, ""))
            self.refuse(name, f"refers to ${{{key}}}, which does not exist{known}")
            return None
        self.followed.append(key)
        value = self.value(found, key)
        self.followed.pop()
        return value

    def refuse(self, name: str, what: str) -> None:
        """Note a problem; when there are many, stop."""
        self.problems.append(Problem(name, what))
        if len(self.problems) == MOST:
            raise RequestError(*dict.fromkeys(self.problems))

    def count(self, size: int) -> None:
        """Take a size from what is left."""
        self.left -= size
        if self.left < 0:
            raise RequestError(
                f"the references of the configuration unfold to more than {LARGEST} values; write fewer"
            )
