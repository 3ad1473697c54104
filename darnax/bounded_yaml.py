"""YAML that may come from anywhere is looked over before it is unfolded: neither time nor memory may go beyond its own size."""

import re
from collections.abc import Hashable
from itertools import accumulate
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 200  # levels; no configuration has more, and of many the loader in C dies, and the one in Python never comes back
STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
NESTED = re.compile(rf"^[ ?:-]{{{DEEPEST}}}", re.MULTILINE)


def require_bounded(text: str) -> None:
    r"""Raise ValueError where a text is nested too deep, or has aliases, by which a few lines stand for more than any memory.

    Example:
        >>> require_bounded("a: &a [x]\nb: [*a, *a]")
        Traceback (most recent call last):
        ValueError: it has aliases, which darnax never writes
    """
    if NESTED.search(text) or (text.count("[") + text.count("{") > DEEPEST and in_brackets(text) > DEEPEST):
        raise ValueError("it is nested too deep")
    if "&" not in text:  # which is what an alias refers to
        return
    try:
        aliases = any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, LOADER))
    except yaml.YAMLError as error:
        raise ValueError(getattr(error, "problem", None) or type(error).__name__) from error
    if aliases:
        raise ValueError("it has aliases, which darnax never writes")


class PlainLoader(LOADER):  # type: ignore[misc, valid-type]
    """Makes None, bool, int, float, str, list and dict, and nothing else: no tag, no merged mapping, no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(problem="a key is a list or a mapping, expected a word or a number")
            key = self.construct_object(key_node, deep=True)
            if key is None:
                raise yaml.constructor.ConstructorError(problem="a key is null, expected a word or a number")
            if key in mapping:
                raise yaml.constructor.ConstructorError(problem=f"the key {key} appears twice")
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping


# Scalars as OmegaConf reads them: 1e-3 is a number (YAML 1.1 wants 1.0e-3), and a date is a word.
PLAIN_FLOAT = re.compile(
    r"""^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+
    |[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
    |[-+]?\.(?:inf|Inf|INF)
    |\.(?:nan|NaN|NAN))$""",
    re.VERBOSE,
)
DROPPED = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:float", "tag:yaml.org,2002:merge", "tag:yaml.org,2002:value")
PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in DROPPED]
    for first, resolvers in LOADER.yaml_implicit_resolvers.items()
}
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:float", PLAIN_FLOAT, list("-+0123456789."))
PlainLoader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node))


def load_plain(text: str) -> Any:
    r"""Return what a YAML text of unknown origin says, as None, bool, int, float, str, list and dict.

    Raises:
        ValueError: it is not one YAML document, is nested too deep, or has aliases, tags, a key twice, or a key that is
            a list or a mapping.

    Example:
        >>> load_plain("a: 1e-3\nb: [x, null]")
        {'a': 0.001, 'b': ['x', None]}
        >>> load_plain("a: !!python/name:os.system")
        Traceback (most recent call last):
        ValueError: it has the tag tag:yaml.org,2002:python/name:os.system, which darnax never writes
    """
    require_bounded(text)
    try:
        for event in yaml.parse(text, LOADER):
            if tag := getattr(event, "tag", None):
                raise ValueError(f"it has the tag {tag}, which darnax never writes")
        return yaml.load(text, PlainLoader)  # makes plain values alone
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(getattr(error, "problem", None) or type(error).__name__) from error


def in_brackets(text: str) -> int:
    """Return how many brackets are open at once, at most."""
    return max(accumulate(STEPS.get(character, 0) for character in text))
