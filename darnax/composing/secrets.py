"""Values that must not be written down: what the environment keeps under the name of a key, a token or a password."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from darnax.errors import Problem, RequestError

SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
SHORTEST = 8  # letters; a shorter value stands in configurations by chance
WRITTEN = "which a run would write down; take it away"


def secrets() -> dict[str, str]:
    """Return value -> name of the variables that hold a secret."""
    held = {value.strip(): name for name, value in os.environ.items() if SECRET.search(name)}
    return {value: name for value, name in held.items() if len(value) >= SHORTEST}


def find_exposed(config: Mapping[str, Any]) -> list[Problem]:
    """Find what a run would write into its folder and show on a dashboard, and must not: values, and names of values."""
    known = secrets()
    found = [
        Problem(mask([name])[0], f"holds the value of ${variable}, {WRITTEN}")
        for name, text in texts(config)
        for value, variable in known.items()
        if value in text
    ]
    return list(dict.fromkeys(found))


def require_none(words: Sequence[str]) -> None:
    """Raise RequestError where a word of a command line holds a secret, however it is quoted there.

    The words are written into the folder of a run or a sweep, and W&B records them as well.
    """
    known = secrets()
    problems = [
        Problem(f"argument {position}", f"holds the value of ${variable}, {WRITTEN}")
        for position, word in enumerate(words, 1)
        for value, variable in known.items()
        if any(value in text for text in possible_meanings(word))
    ]
    if problems:
        raise RequestError(*problems)


def possible_meanings(word: str) -> Iterator[str]:
    """Yield a word as it was typed, and the texts that Hydra's grammar finds in it."""
    yield word
    if not secrets():
        return
    from hydra.core.override_parser.types import ChoiceSweep, Override

    from darnax.composing.hydra_settings import parse_overrides

    for override in parse_overrides([word]):
        value = override.value()
        if isinstance(value, ChoiceSweep):
            value = [Override._convert_value(element) for element in value.list]
        yield from (text for _, text in texts({override.key_or_group: value}))


def texts(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted name and the text of every key and every value."""
    if isinstance(node, Mapping | list | tuple):
        for key, inner in node.items() if isinstance(node, Mapping) else enumerate(node):
            below = f"{name}.{key}" if name else str(key)
            yield below, str(key)
            yield from texts(inner, below)
    else:
        yield name, str(node)


def mask(words: Sequence[str]) -> list[str]:
    """Return a command line with the names of the variables in the place of their values."""
    found = list(words)
    for value, variable in secrets().items():
        found = [word.replace(value, f"${variable}") for word in found]
    return found
