"""Whether a configuration keeps examples out of training by which networks and settings may be chosen."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from darnax.files import expand_user


def has_validation(config: Mapping[str, Any]) -> bool:
    """Return whether a run of this configuration has a validation split; nothing is prepared, and no device is touched.

    A configuration that cannot be opened has one, as far as this goes: the run itself says what is wrong with it.
    """
    data, paths = config.get("data"), config.get("paths", {})
    if not isinstance(data, Mapping) or data.get("validation"):
        return True
    return _has_own(
        json.dumps(
            [data.get("source"), data.get("name"), paths.get("data"), list(config.get("trust", ()))]
        )
    )


@lru_cache(maxsize=64)  # a search asks for every point
def _has_own(choice: str) -> bool:
    """Return whether a set, or a source of examples, has a validation split of its own."""
    from darnax.errors import RequestError

    source, name, directory, trust = json.loads(choice)
    try:
        return (
            source_has_validation(source, trust) if source else set_has_validation(name, directory)
        )
    except RequestError:
        return True


def source_has_validation(node: Mapping[str, Any], trust: list[str]) -> bool:
    """Return whether the dataset that a `_target_` opens has a validation split."""
    from darnax.builder.calls import Reader
    from darnax.builder.choices import make
    from darnax.builder.problems import Problems

    problems = Problems()
    source = make(node, "data.source", Reader(problems, trust=trust))
    problems.settle()
    return source.open().validation is not None


def set_has_validation(name: str, directory: str) -> bool:
    """Return whether a set has a validation split besides the one that it is tested on."""
    from darnax.data import describe

    return {"validation", "test"} <= describe(name, expand_user(directory)).splits.keys()
