"""A run folder that comes from another machine, or from another place: what belonged to that machine is taken from this one."""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.composing import trust
from darnax.composing.references import find
from darnax.errors import Problem, RequestError
from darnax.files import expand_user

if TYPE_CHECKING:
    from darnax.composing.composer import Composer
    from darnax.composing.composition import Composed
    from darnax.runner.experiment import Experiment

DATA = "paths.data"
LOOKED_FOR = "%s: %s does not exist here; the data are looked for in %s"
logger = logging.getLogger(__name__)


def with_paths_here(config: Mapping[str, Any], chosen: str | None = None) -> dict[str, Any]:
    """Return a saved configuration in which every path exists here, or is the default of this machine.

    `chosen` is the place of the data that the command line names; it is taken as it is.
    """
    paths = config.get("paths")
    if not isinstance(paths, Mapping):
        return dict(config)  # the builder says what is wrong with it
    new = {name: existing_or_default(name, place) for name, place in paths.items()}
    if chosen is not None:
        new["data"] = chosen
    else:
        warn(config, {**config, "paths": new})
    return {**config, "paths": new}


def warn(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Say where data from a folder are looked for, where that is not the recorded one."""
    was, now = (find(config, DATA) for config in (before, after))
    if was != now and not (after.get("data") or {}).get("source"):
        logger.warning(LOOKED_FOR, DATA, was, now)


def is_of_a_run(file: Path) -> bool:
    """Return whether a configuration is that of a run folder, whose paths existed where it was trained."""
    return file.name == "config.yaml" and file.with_name("summary.json").is_file()


def values_here(config: Mapping[str, Any]) -> dict[str, str]:
    """Return key -> value of this machine, for every path that does not exist here."""
    paths = config.get("paths")
    if not isinstance(paths, Mapping):
        return {}
    found = {name: existing_or_default(name, place) for name, place in paths.items()}
    return {f"paths.{name}": place for name, place in found.items() if place != paths[name]}


def composer_here(file: Path | None, overrides: Sequence[str]) -> "Composer":
    """Return what composes new runs on this machine; the run of a given file may be of another."""
    from darnax.composing.composer import Composer

    adapt = values_here if file is not None and is_of_a_run(file) else None
    return Composer(file, trust.trusted_packages(overrides), adapt=adapt)


def compose_here(overrides: Sequence[str], file: Path | None) -> "Composed":
    """Compose the configuration of a new run for this machine; a given one may be of another."""
    composer = composer_here(file, overrides)
    configuration = composer.run_composed(list(overrides))
    warn_of_new(composer, [configuration.resolved])
    return configuration


def warn_of_new(composer: "Composer", configs: Iterable[Mapping[str, Any]]) -> None:
    """Say once where new runs look for data, where that is not the folder in the given file."""
    if composer.saved is None or DATA not in composer.here:
        return
    taken = (config for config in configs if find(config, DATA) == composer.here[DATA])
    if (first := next(taken, None)) is not None:
        warn(composer.saved.resolved, first)


def existing_or_default(name: str, place: Any) -> Any:
    """Return a path if it exists, or else the default one."""
    if name not in ("data", "outputs") or not isinstance(place, str) or expand_user(place).exists():
        return place
    return default(f"paths.{name}", Path.cwd(), frozenset(os.environ.items()))


@cache
def default(name: str, directory: Path, environment: frozenset[tuple[str, str]]) -> Any:
    """Return a value of the default configuration of a directory and an environment."""
    from darnax.composing.composer import default_value

    del directory, environment
    return default_value(name)


def require_of_machine(words: Sequence[str]) -> None:
    """Raise RequestError where words for a resume change anything but what belongs to this machine."""
    if any(not word.startswith(("trust=", f"{DATA}=")) for word in words):
        what = "goes on with the configuration of the run; leave out everything else but trust=[…] and paths.data=DIR"
        raise RequestError(Problem("--resume", what))


def data_folder_in(words: Sequence[str]) -> str | None:
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
    logger.warning(
        "runner.devices: %d were used, and there are %d here; %d share each batch now",
        asked,
        there,
        count,
    )
    return replace(experiment, runner=replace(experiment.runner, devices=count))
