"""Secrets that must not be recorded: environment variables named like a key, token or password."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from darnax.errors import Problem, RequestError
from darnax.trees import join_key, list_children, walk

SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
SHORTEST = 8  # characters; a shorter value may occur in a configuration by chance
WRITTEN = "which a run would record; remove it"


def find_secrets() -> dict[str, str]:
    """Map the value of every environment variable with a secret to its name."""
    found = {}
    for name, value in os.environ.items():
        if SECRET.search(name) and len(value.strip()) >= SHORTEST:
            found[value.strip()] = name
    return found


def find_exposed(config: Mapping[str, Any]) -> list[Problem]:
    """Find the keys and values with a secret: a run would write them to its folder and W&B."""
    known = find_secrets()
    found: dict[Problem, None] = {}
    for name, text in key_and_value_texts(config):
        for value, variable in known.items():
            if value in text:
                where = mask([name])[0]
                found[Problem(where, f"contains the value of ${variable}, {WRITTEN}")] = None
    return list(found)


def require_none(arguments: Sequence[str]) -> None:
    """Raise RequestError if an argument of a command line contains a secret, however it is quoted.

    They are written into the folder of a run or a sweep, and W&B records them as well.
    """
    known = find_secrets()
    problems = []
    for position, word in enumerate(arguments, 1):
        meanings = list(possible_meanings(word))
        for value, variable in known.items():
            if any(value in text for text in meanings):
                what = f"contains the value of ${variable}, {WRITTEN}"
                problems.append(Problem(f"argument {position}", what))
    if problems:
        raise RequestError(*problems)


def possible_meanings(word: str) -> Iterator[str]:
    """Yield a word as it was typed, and the texts that Hydra's grammar parses from it."""
    yield word
    if not find_secrets():
        return
    from darnax.composing.hydra_loader import parsed_value
    from darnax.composing.hydra_settings import parse_overrides

    for override in parse_overrides([word]):
        for _, text in key_and_value_texts({override.key_or_group: parsed_value(override)}):
            yield text


def key_and_value_texts(tree: Any) -> Iterator[tuple[str, str]]:
    """Yield the dotted name and the text of every key and every value."""
    for name, node in walk(tree):
        if not isinstance(node, Mapping | list | tuple):
            yield name, str(node)
        for key, _ in list_children(node):
            yield join_key(name, key), str(key)


def mask(arguments: Sequence[str]) -> list[str]:
    """Return a command line with secrets replaced by the names of their variables."""
    found = list(arguments)
    for value, variable in find_secrets().items():
        found = [word.replace(value, f"${variable}") for word in found]
    return found
