"""A run folder that comes from another machine, or from another place: what belonged to that machine is taken from this one."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.errors import Problem, RequestError
from darnax.files import expanded

if TYPE_CHECKING:
    from darnax.composing.composition import Composed
    from darnax.runner.experiment import Experiment

DATA = "paths.data"
logger = logging.getLogger(__name__)


def with_paths_here(config: Mapping[str, Any], chosen: str | None = None) -> dict[str, Any]:
    """Return a saved configuration in which every path exists here, or is the default of this machine.

    `chosen` is the place of the data that the command line names; it is taken as it is.
    """
    paths = config.get("paths")
    if not isinstance(paths, Mapping):
        return dict(config)  # the builder says what is wrong with it
    new = {name: here(name, place) for name, place in paths.items()}
    if chosen is not None:
        new["data"] = chosen
    elif new.get("data") != paths.get("data") and not (config.get("data") or {}).get("source"):
        logger.warning("%s: %s does not exist here; the data are looked for in %s", DATA, paths["data"], new["data"])
    return {**config, "paths": new}


def is_of_a_run(file: Path) -> bool:
    """Tell whether a configuration is that of a run folder, whose paths existed where it was trained."""
    return file.name == "config.yaml" and file.with_name("summary.json").is_file()


def composed_here(configuration: "Composed", overrides: Sequence[str]) -> "Composed":
    """Return the configuration of a run for a new run on this machine; paths that the command line gives stay as they are."""
    if any(word.lstrip("+").startswith("paths.") for word in overrides):
        return configuration
    resolved = with_paths_here(configuration.resolved)
    if resolved.get("paths") == configuration.resolved.get("paths"):
        return configuration
    tree = {**configuration.tree, "paths": resolved["paths"]}
    return replace(configuration, resolved=resolved, tree=tree)


def here(name: str, place: Any) -> Any:
    """Return a path if it exists, or else the default one."""
    from darnax.composing.composer import value

    if name not in ("data", "outputs") or not isinstance(place, str) or expanded(place).exists():
        return place
    return value(f"paths.{name}")


def require_of_machine(words: Sequence[str]) -> None:
    """Raise RequestError where words for a resume change anything but what belongs to this machine."""
    if any(not word.startswith(("trust=", f"{DATA}=")) for word in words):
        what = "goes on with the configuration of the run; leave out everything else but trust=[…] and paths.data=DIR"
        raise RequestError(Problem("--resume", what))


def chosen_data(words: Sequence[str]) -> str | None:
    """Return the folder that `paths.data=DIR` names among the words of a command line.

    Example:
        >>> chosen_data(["trust=[mylab]", "paths.data=/data/tfds"])
        '/data/tfds'
    """
    places = [word.partition("=")[2].strip("'\"") for word in words if word.startswith(f"{DATA}=")]
    return places[-1] if places else None


def with_devices_here(experiment: "Experiment") -> "Experiment":
    """Return the experiment for as many devices as there are here, where it was trained on more."""
    import jax

    there, asked = len(jax.local_devices()), experiment.runner.devices
    if asked is None or asked <= there:
        return experiment
    count = max(n for n in range(1, there + 1) if experiment.data.batch_size % n == 0)
    logger.warning("runner.devices: %d were used, and there are %d here; %d share each batch now", asked, there, count)
    return replace(experiment, runner=replace(experiment.runner, devices=count))
