"""The keys of a YAML file with the comments beside them."""

from typing import Any, NamedTuple

import yaml


class Key(NamedTuple):
    """A line of the reference: a dotted key, its node, its comment, and the `_target_` it is for.

    `target` is None outside of mappings with a `_target_`.
    """

    name: str
    node: yaml.Node
    comment: str
    target: str | None

    @property
    def is_section(self) -> bool:
        """Whether the value is a mapping with keys."""
        return isinstance(self.node, yaml.MappingNode) and bool(self.node.value)


def read_header(text: str) -> list[str]:
    """Return the comment lines at the top of a file."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if "@package" not in line:
            lines.append(line.removeprefix("#").strip())
    return lines


def read_keys(text: str) -> list[Key]:
    """Return every key of a file but `defaults`, in order."""
    root = yaml.compose(text)
    if not isinstance(root, yaml.MappingNode):
        return []
    keys: list[Key] = []
    collect_keys(root, "", line_comments(text), set(), keys)
    return [key for key in keys if key.name.partition(".")[0] != "defaults"]


def collect_keys(
    node: yaml.MappingNode, prefix: str, comments: dict[int, str], used: set[int], into: list[Key]
) -> None:
    """Append the keys of a mapping and of the mappings in it.

    The comment of a line belongs to the first key that starts on it.
    """
    target = None
    for key, value in node.value:
        if key.value == "_target_":
            target = value.value
    for key, value in node.value:
        line = key.start_mark.line
        comment = "" if line in used else comments.get(line, "")
        used.add(line)
        name = f"{prefix}{key.value}"
        into.append(Key(name, value, comment, target))
        if isinstance(value, yaml.MappingNode):
            collect_keys(value, f"{name}.", comments, used, into)


def line_comments(text: str) -> dict[int, str]:
    """Return line -> the comment at its end, with the lines that continue it."""
    ends: dict[int, int] = {}
    for token in yaml.scan(text):
        mark = token.end_mark
        if mark.index > token.start_mark.index:
            ends[mark.line] = max(mark.column, ends.get(mark.line, 0))
    comments: dict[int, str] = {}
    last = None
    for number, line in enumerate(text.splitlines()):
        rest = line[ends.get(number, 0) :].strip()
        if not rest.startswith("#"):
            last = None
            continue
        words = rest.removeprefix("#").strip()
        if number in ends:
            last = number
            comments[number] = words
        elif last is not None:
            comments[last] = f"{comments[last]} {words}"
    return comments


def source(text: str, node: yaml.Node) -> str:
    """Return how a value is written in the file, in one line."""
    written: Any = text[node.start_mark.index : node.end_mark.index]
    return " ".join(written.split())
