"""YAML that may come from anywhere is looked over before it is unfolded: neither time nor memory may go beyond its own size."""

import re
from itertools import accumulate

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


def in_brackets(text: str) -> int:
    """Return how many brackets are open at once, at most."""
    return max(accumulate(STEPS.get(character, 0) for character in text))
