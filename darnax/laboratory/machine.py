"""A run folder from another machine or place: its paths and devices are replaced by those here."""

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
from darnax.files import exists, expand_user
from darnax.printing import printable

if TYPE_CHECKING:
    from darnax.composing.composer import Composer
    from darnax.composing.composition import Composed
    from darnax.runner.experiment import Experiment

DATA = "paths.data"
LOOKED_FOR = "%s: %s does not exist here; the data are looked for in %s"
logger = logging.getLogger(__name__)


def with_paths_here(config: Mapping[str, Any], chosen: str | None = None) -> dict[str, Any]:
    """Return a saved configuration in which every path exists here, or is the default one.

    `chosen` is the data folder that the command line gives; it is used as it is.
    """
    paths = config.get("paths")
    if not isinstance(paths, Mapping):
        return dict(config)  # the builder will report what is wrong with it
    new = {name: existing_or_default(name, path) for name, path in paths.items()}
    if chosen is not None:
        new["data"] = chosen
    else:
        warn_of_data_folder(config, {**config, "paths": new})
    return {**config, "paths": new}


def warn_of_data_folder(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Warn that data are read from another folder than the recorded one, if that is so."""
    was, now = (find(config, DATA) for config in (before, after))
    if was != now and not (after.get("data") or {}).get("source"):
        logger.warning(LOOKED_FOR, DATA, printable(str(was)), printable(str(now)))


def is_of_a_run(file: Path) -> bool:
    """Return whether a configuration is in a run folder: its paths existed where it was trained."""
    return file.name == "config.yaml" and file.with_name("summary.json").is_file()


def values_here(config: Mapping[str, Any]) -> dict[str, str]:
    """Map every path that does not exist here to its value on this machine."""
    paths = config.get("paths")
    if not isinstance(paths, Mapping):
        return {}
    changed = {}
    for name, path in paths.items():
        here = existing_or_default(name, path)
        if here != path:
            changed[f"paths.{name}"] = here
    return changed


def composer_here(file: Path | None, overrides: Sequence[str]) -> "Composer":
    """Return the composer of new runs on this machine; the given file may be from another one."""
    from darnax.composing.composer import Composer

    adapt = values_here if file is not None and is_of_a_run(file) else None
    return Composer(file, trust.trusted_packages(overrides), adapt=adapt)


def compose_here(overrides: Sequence[str], file: Path | None) -> "Composed":
    """Compose the configuration of a new run here; the given file may be from another machine."""
    composer = composer_here(file, overrides)
    configuration = composer.run_composed(list(overrides))
    warn_of_new(composer, [configuration.resolved])
    return configuration


def warn_of_new(composer: "Composer", configs: Iterable[Mapping[str, Any]]) -> None:
    """Warn once that new runs read data from another folder than the given file names."""
    if composer.saved is None or DATA not in composer.here:
        return
    for config in configs:
        if find(config, DATA) == composer.here[DATA]:
            warn_of_data_folder(composer.saved.resolved, config)
            return


def existing_or_default(name: str, path: Any) -> Any:
    """Return a path if it exists, or else the default one."""
    if name not in ("data", "outputs") or not isinstance(path, str) or exists(expand_user(path)):
        return path
    return default_here(f"paths.{name}", Path.cwd(), frozenset(os.environ.items()))


@cache
def default_here(name: str, directory: Path, environment: frozenset[tuple[str, str]]) -> Any:
    """Return a default value; it depends on (and is cached by) directory and environment."""
    from darnax.composing.composer import default_value

    del directory, environment
    return default_value(name)


def require_of_machine(words: Sequence[str]) -> None:
    """Raise RequestError if overrides of a resume change more than this machine's settings."""
    if any(not word.startswith(("trust=", f"{DATA}=")) for word in words):
        what = "resumes with the configuration of the run; "
        what += "leave out everything else but trust=[…] and paths.data=DIR"
        raise RequestError(Problem("--resume", what))


def data_folder_in(words: Sequence[str]) -> str | None:
    """Return the folder that `paths.data=DIR` gives on a command line.

    Example:
        >>> data_folder_in(["trust=[mylab]", "paths.data=/data/tfds"])
        '/data/tfds'
    """
    values = [word.partition("=")[2] for word in words if word.startswith(f"{DATA}=")]
    return values[-1].strip("'\"") if values else None


def with_devices_here(experiment: "Experiment") -> "Experiment":
    """Return the experiment with at most as many devices as this machine has."""
    import jax

    available, used = len(jax.local_devices()), experiment.runner.devices
    if used == "all" or used <= available:
        return experiment
    # The devices share a batch evenly: their number divides the batch size.
    batch_size = experiment.data.batch_size
    count = max(number for number in range(1, available + 1) if batch_size % number == 0)
    logger.warning(
        "runner.devices: %d were used, and there are %d here; %d share each batch now",
        used,
        available,
        count,
    )
    settings = experiment.runner.model_copy(update={"devices": count})
    return replace(experiment, runner=settings)
