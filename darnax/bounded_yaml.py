"""Reads YAML of unknown origin with time and memory limited by the length of the text."""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from darnax.printing import count_of

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Levels. No configuration has more; at many, the loader in C crashes, the one in Python hangs.
DEEPEST = 200
LONGEST = 1 << 21  # characters; darnax's largest configuration has 10,000
# Characters of a number, so that it is a finite float. Converting takes time quadratic in them.
NUMBER = 250
KEYS = 1000  # characters of all keys on the way to a value, which together are its name
OPENING = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
CLOSING = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


def require_bounded(text: str) -> None:
    r"""Raise ValueError if a text is too long, nested too deep, or has tags or aliases.

    Aliases are refused because a few lines with them can stand for billions of values. The check
    uses the events of the YAML parser, because there are many ways to write a level.

    Example:
        >>> require_bounded("a: &a [x]\nb: [*a, *a]")
        Traceback (most recent call last):
        ValueError: it has aliases, which darnax never writes
    """
    if len(text) > LONGEST:
        raise ValueError(f"it has {count_of(len(text), 'character')}, expected at most {LONGEST}")
    depth = 0
    try:
        for event in yaml.parse(text, LOADER):
            if isinstance(event, yaml.AliasEvent):
                raise ValueError("it has aliases, which darnax never writes")
            tag = getattr(event, "tag", None)
            if tag:
                raise ValueError(f"it has the tag {tag}, which darnax never writes")
            depth += isinstance(event, OPENING) - isinstance(event, CLOSING)
            if depth > DEEPEST:
                raise ValueError("it is nested too deep")
    except yaml.YAMLError as error:
        raise ValueError(getattr(error, "problem", None) or type(error).__name__) from error


def require_bounded_value(value: Any) -> None:
    """Raise ValueError if a value read from JSON is nothing that `load_plain` could have read.

    The limits are those of a YAML text: its length, its depth, the digits of a number, and the
    length of the keys on the way to a value. Nothing here recurses.

    Example:
        >>> require_bounded_value({"a": 10**300})
        Traceback (most recent call last):
        ValueError: a number has more than 250 digits
    """
    length = 0
    remaining = [(value, 0, 0)]  # with its depth, and the length of its name
    while remaining:
        node, depth, name = remaining.pop()
        if depth > DEEPEST:
            raise ValueError("it is nested too deep")
        if name > KEYS:
            raise ValueError(f"the keys of a value have more than {KEYS} characters, together")
        if isinstance(node, int) and abs(node) >= 10**NUMBER:
            raise ValueError(f"a number has more than {NUMBER} digits")
        length += len(node) if isinstance(node, str) else 1
        children = list(node.items()) if isinstance(node, dict) else []
        children += enumerate(node) if isinstance(node, list) else ()
        for key, inner in children:
            key_length = len(str(key)) + 1
            length += key_length
            remaining.append((inner, depth + 1, name + key_length))
        if length > LONGEST:
            raise ValueError(f"it has more than {LONGEST} characters")


class PlainLoader(LOADER):  # type: ignore[misc, valid-type]
    """Constructs plain values only: no tag, no merged mapping, no repeated key."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                what = "a key is a list or a mapping, expected a word or a number"
                raise yaml.constructor.ConstructorError(problem=what)
            key = self.construct_object(key_node, deep=True)
            if key is None:
                what = "a key is null, expected a word or a number"
                raise yaml.constructor.ConstructorError(problem=what)
            if key in mapping:
                raise yaml.constructor.ConstructorError(problem=f"the key {key} appears twice")
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        """Return a number, if it has at most `NUMBER` characters."""
        if len(node.value) > NUMBER:
            what = (
                f"a number has {count_of(len(node.value), 'character')}, expected at most {NUMBER}"
            )
            raise yaml.constructor.ConstructorError(problem=what)
        make = self.construct_yaml_int if node.tag.endswith(":int") else self.construct_yaml_float
        number: int | float = make(node)
        return number


# Scalars as OmegaConf reads them: 1e-3 is a number (YAML 1.1 requires 1.0e-3), a date is a text.
PLAIN_FLOAT = re.compile(
    r"""^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+
    |[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
    |[-+]?\.(?:inf|Inf|INF)
    |\.(?:nan|NaN|NAN))$""",
    re.VERBOSE,
)
DROPPED = (
    "tag:yaml.org,2002:timestamp",
    "tag:yaml.org,2002:float",
    "tag:yaml.org,2002:merge",
    "tag:yaml.org,2002:value",
)
PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in DROPPED]
    for first, resolvers in LOADER.yaml_implicit_resolvers.items()
}
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:float", PLAIN_FLOAT, list("-+0123456789."))
PlainLoader.add_constructor("tag:yaml.org,2002:int", PlainLoader.construct_number)
PlainLoader.add_constructor("tag:yaml.org,2002:float", PlainLoader.construct_number)
PlainLoader.add_constructor(
    "tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node)
)


def require_short_keys(value: Any, above: int = 0) -> None:
    """Raise ValueError if the keys on the way to a value have more than `KEYS` characters."""
    if isinstance(value, dict):
        children = list(value.items())
    else:
        children = list(enumerate(value)) if isinstance(value, list) else []
    for key, inner in children:
        length = above + len(str(key)) + 1
        if length > KEYS:
            raise ValueError(f"the keys of a value have more than {KEYS} characters, together")
        if isinstance(inner, dict | list):
            require_short_keys(inner, length)


def load_plain(text: str) -> Any:
    r"""Return the value of a YAML text of unknown origin; it is made of plain values.

    Raises:
        ValueError: it is not one YAML document, is nested too deep, or has aliases, tags, a
            repeated key, or a key that is a list or a mapping.

    Example:
        >>> load_plain("a: 1e-3\nb: [x, null]")
        {'a': 0.001, 'b': ['x', None]}
        >>> load_plain("a: !!set {}")
        Traceback (most recent call last):
        ValueError: it has the tag tag:yaml.org,2002:set, which darnax never writes
    """
    require_bounded(text)
    try:
        value = yaml.load(text, PlainLoader)  # constructs plain values only
        require_short_keys(value)
        return value
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(getattr(error, "problem", None) or type(error).__name__) from error


class Unaliased:
    """Makes a dumper write a value that occurs twice in full both times."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class PlainDumper(Unaliased, yaml.SafeDumper):  # type: ignore[misc]
    """Quotes a text wherever `load_plain` or another reader would take it for something else."""


class FastDumper(Unaliased, getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """The same by libyaml, five times as fast, where PyYAML was built with it."""


def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Return the node of a text; unusual line breaks are escaped, in double quotes."""
    unusual = any(letter in text for letter in "\r\x85\u2028\u2029")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if unusual else None)


for dumper in (PlainDumper, FastDumper):
    dumper.add_representer(str, represent_text)
    dumper.add_implicit_resolver("tag:yaml.org,2002:float", PLAIN_FLOAT, list("-+0123456789."))


def dump_plain(value: Any, *, ascii_only: bool = False) -> str:
    r"""Return the YAML of a plain value, from which `load_plain` makes the same value.

    With `ascii_only`, every other character is escaped as YAML does it.

    Example:
        >>> dump_plain({"a": [1e-3, "1e-3", "no"]})
        "a:\n- 0.001\n- '1e-3'\n- 'no'\n"
    """
    choices = {"sort_keys": False, "allow_unicode": not ascii_only}
    text: str = yaml.dump(value, Dumper=FastDumper, **choices)
    if "\\U" in text:  # libyaml escapes characters beyond the first 65,536 that need no escape
        text = yaml.dump(value, Dumper=PlainDumper, **choices)
    return text
