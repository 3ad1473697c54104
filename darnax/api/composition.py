"""`darnax.compose`: the configuration that overrides describe."""

from pathlib import Path
from typing import Any

from darnax.api.arguments import require_overrides, require_path
from darnax.api.finding import find_configuration
from darnax.composing import secrets
from darnax.composing.origins import naming_files
from darnax.files import is_folder
from darnax.laboratory.machine import compose_here


def compose(*overrides: str, config: Any = None, resolve: bool = True) -> dict[str, Any]:
    """Compose the configuration that overrides describe.

    Args:
        overrides: as `darnax.train` takes them.
        config: a run, its folder or id, or its config.yaml, to start from instead of the defaults.
        resolve: whether to replace every reference, such as `${model.depth}`, by its value.

    Raises:
        RequestError: names every override that is invalid.

    Example:
        >>> import darnax
        >>> darnax.compose("+experiment=mnist_chain", "seed=3")["seed"]
        3
    """
    words, file = require_overrides(overrides), config_file(config)
    secrets.require_none([*words, *([str(file)] if file else [])])
    with naming_files(words, file):
        composed = compose_here(words, file)
    return composed.resolved if resolve else composed.to_container()


def config_file(config: Any) -> Path | None:
    """Return the file of a configuration that is given as a run, its folder or id, or a file."""
    if config is None:
        return None
    path = getattr(config, "folder", config)
    path = require_path(path, "config", "a run or the path of a config.yaml")
    path = find_configuration(path)
    return path / "config.yaml" if is_folder(path) else path
