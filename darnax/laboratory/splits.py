"""Whether a configuration has a validation split, by which networks and settings are chosen."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from darnax.files import expand_user


def has_validation(config: Mapping[str, Any]) -> bool:
    """Return whether a run of this configuration has a validation split, without preparing data.

    True for a configuration whose data cannot be opened: the run itself will report that.
    """
    data, paths = config.get("data"), config.get("paths", {})
    if not isinstance(data, Mapping) or data.get("validation"):
        return True
    trust = list(config.get("trust", ()))
    choice = [data.get("source"), data.get("name"), paths.get("data"), trust]
    return _choice_has_validation(json.dumps(choice))


@lru_cache(maxsize=64)  # a search checks every point
def _choice_has_validation(choice: str) -> bool:
    """Return whether a dataset, or a source of one, has a validation split of its own."""
    from darnax.errors import RequestError

    source, name, directory, trust = json.loads(choice)
    try:
        if source:
            return source_has_validation(source, trust, str(directory))
        return set_has_validation(name, directory)
    except RequestError:
        return True


def source_has_validation(node: Mapping[str, Any], trust: list[str], directory: str) -> bool:
    """Return whether the dataset that a `_target_` opens has a validation split."""
    from darnax.laboratory.data_filling import make_source
    from darnax.local_data import LocalSource

    source = make_source({"data": {"source": node}, "trust": trust})
    if isinstance(source, LocalSource):
        return "validation" in source.outline(expand_user(directory)).splits
    return source.open().validation is not None


def set_has_validation(name: str, directory: str) -> bool:
    """Return whether a dataset has a validation split besides its test split."""
    from darnax.data import describe

    return {"validation", "test"} <= describe(name, expand_user(directory)).splits.keys()
