"""References `${a.b}` from one value of a plain configuration to another.

They are followed without calling any resolver, and only up to a limit. A plain configuration
consists of dictionaries, lists, strings, numbers, booleans and None.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from darnax.errors import Problem, RequestError
from darnax.trees import join_key, leaves, list_names

REFERENCE = re.compile(
    r"""\$\{(\.*[^\s\\${}()\[\]:.,'"=]+(?:\.[^\s\\${}()\[\]:.,'"=]+|\[\w+\])*)\}"""
)
# Values and characters of a resolved configuration; darnax's largest has 6,000. References to
# references multiply: without a limit, a file of a few lines could fill the memory.
LARGEST = 1 << 18
LONGEST = 50  # references one after the other
MOST = 20  # problems that are listed
ABSENT: Any = object()
IN_PROGRESS: Any = object()  # marks a lookup that has not ended; finding it again is a cycle


def is_plain(text: str) -> bool:
    r"""Return whether all references in a text are to values of the configuration.

    Example:
        >>> is_plain("${runner.epochs} epochs"), is_plain("${oc.env:HOME}")
        (True, False)
        >>> is_plain("${model.${name}}"), is_plain(r"\${a}")
        (False, False)
    """
    return "${" not in REFERENCE.sub("", text) and "\\$" not in text


def find_references(text: str) -> list[str]:
    """Return the keys that a text refers to.

    Example:
        >>> find_references("${a.b} of ${c}")
        ['a.b', 'c']
    """
    return [match[1] for match in REFERENCE.finditer(text)]


def split_key(key: str) -> list[str]:
    """Return the parts of a dotted key.

    Example:
        >>> split_key("a.b[0].c")
        ['a', 'b', '0', 'c']
    """
    return re.sub(r"\[(\w+)\]", r".\1", key).split(".")


def normalise_key(key: str) -> str:
    """Return a dotted key with its indices written as parts.

    Example:
        >>> normalise_key("a.b[0].c")
        'a.b.0.c'
    """
    return ".".join(split_key(key))


def get_child(node: Any, part: str) -> Any:
    """Return the child under one part of a key, or ABSENT."""
    if isinstance(node, Mapping):
        if part not in node and part.isdecimal():  # YAML reads the key `3` as a number
            return node.get(int(part), ABSENT)
        return node.get(part, ABSENT)
    if isinstance(node, list) and part.isdecimal() and int(part) < len(node):
        return node[int(part)]
    return ABSENT


class Lookup:
    """Finds values by their keys; every key is looked up once."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.known: dict[str, Any] = {}

    def find(self, key: str) -> Any:
        """Return the value of a key, or ABSENT.

        References on the way are followed; the value itself may be a reference.
        """
        if key not in self.known:
            self.known[key] = IN_PROGRESS
            node = self.tree
            for part in split_key(key):
                node = get_child(self.target(node), part)
            self.known[key] = node
        if self.known[key] is IN_PROGRESS:
            raise RequestError(Problem(key, "refers to itself"))
        return self.known[key]

    def target(self, node: Any) -> Any:
        """Return the target if a value is exactly one reference, else the value itself."""
        length = 0
        while isinstance(node, str):
            match = REFERENCE.fullmatch(node)
            if match is None:
                break
            length += 1
            if length > LONGEST:
                what = f"is reached by more than {LONGEST} references, or refers to itself"
                raise RequestError(Problem(match[1], what))
            node = self.find(match[1])
        return node


def find(tree: Any, key: str) -> Any:
    """Return the value of a key, or ABSENT; references on the way are followed.

    Example:
        >>> find({"a": "${b}", "b": {"c": [1, 2]}}, "a.c.1")
        2
    """
    return Lookup(tree).find(key)


def interpolations(node: Any) -> Iterator[tuple[str, str]]:
    """Yield the dotted name and the text of every value that contains `${`."""
    for name, value in leaves(node):
        if isinstance(value, str) and "${" in value:
            yield name, value


def make_absolute(text: str, name: str) -> str:
    """Return the text at a dotted name with relative references such as `${.sibling}` in full.

    Example:
        >>> make_absolute("${.rate} and ${..b}, ${seed}", "a.c.step")
        '${a.c.rate} and ${a.b}, ${seed}'
    """

    def replace(match: re.Match[str]) -> str:
        key = match[1].lstrip(".")
        dots = len(match[1]) - len(key)
        if not dots:
            return match[0]
        above = name.split(".")[:-dots]
        return f"${{{'.'.join([*above, key])}}}"

    return REFERENCE.sub(replace, text)


def make_all_absolute(node: Any, name: str = "") -> Any:
    """Return a copy of a tree in which every reference is written in full."""
    if isinstance(node, Mapping):
        return {key: make_all_absolute(inner, join_key(name, key)) for key, inner in node.items()}
    if isinstance(node, list):
        return [make_all_absolute(inner, f"{name}.{index}") for index, inner in enumerate(node)]
    return make_absolute(node, name) if isinstance(node, str) else node


def resolve(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in which every reference is replaced by its target.

    Raises:
        RequestError: names every value that refers to nothing or to itself, or has no value yet
            (`???`); or the copy would be larger than any configuration.

    Example:
        >>> resolve({"depth": 2, "size": ["${depth}"], "text": "${depth} layers"})
        {'depth': 2, 'size': [2], 'text': '2 layers'}
    """
    resolution = Resolution(tree)
    try:
        resolved: dict[str, Any] = resolution.copy_node(tree, "")
    except RecursionError as error:
        raise RequestError("the configuration is nested too deep, or refers to itself") from error
    if resolution.problems:
        raise RequestError(*dict.fromkeys(resolution.problems))
    return resolved


class Resolution:
    """One pass over a configuration that collects problems; too large a result ends it at once."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self.tree = tree
        self.lookup = Lookup(tree)
        self.problems: list[Problem] = []
        self.left = LARGEST
        self.followed: list[str] = []

    def copy_node(self, node: Any, name: str) -> Any:
        """Return the resolved copy of the node at a name."""
        self.count(1)
        if isinstance(node, Mapping):
            return {key: self.copy_node(inner, join_key(name, key)) for key, inner in node.items()}
        if isinstance(node, list):
            return [self.copy_node(inner, f"{name}.{index}") for index, inner in enumerate(node)]
        return self.resolve_text(node, name) if isinstance(node, str) else node

    def resolve_text(self, text: str, name: str) -> Any:
        """Return the value of a text."""
        if text == "???":
            self.add_problem(name, "has no value yet (???); give it one")
        match = REFERENCE.fullmatch(text)
        if match:
            return self.follow(match[1], name)
        text = REFERENCE.sub(lambda match: str(self.follow(match[1], name)), text)
        self.count(len(text))
        if "${" in text:
            self.add_problem(name, f"got {text}, which still refers to something")
        return text

    def follow(self, key: str, name: str) -> Any:
        """Return the resolved target of a reference at a name."""
        if key in self.followed:
            self.add_problem(name, f"refers to ${{{key}}}, and so to itself")
            return None
        if len(self.followed) > LONGEST:
            what = f"is reached by more than {LONGEST} references, one after the other"
            raise RequestError(Problem(name, what))
        found = self.lookup.find(key)
        if found is ABSENT:
            # Imported here: it needs OmegaConf, which commands that compose nothing do not load.
            from darnax.composing import suggestions

            suggestion = suggestions.hint(key, list_names(self.tree, lists=False))
            self.add_problem(name, f"refers to ${{{key}}}, which does not exist{suggestion}")
            return None
        self.followed.append(key)
        value = self.copy_node(found, key)
        self.followed.pop()
        return value

    def add_problem(self, name: str, what: str) -> None:
        """Note a problem; raise all of them when there are many."""
        self.problems.append(Problem(name, what))
        if len(self.problems) == MOST:
            raise RequestError(*dict.fromkeys(self.problems))

    def count(self, size: int) -> None:
        """Subtract a size from what the copy may still grow."""
        self.left -= size
        if self.left < 0:
            what = f"the references of the configuration unfold to more than {LARGEST} values"
            raise RequestError(f"{what}; write fewer")
