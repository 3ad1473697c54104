"""A run folder from another machine or place: its paths and devices are replaced by those here."""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.composing import hydra_settings, trust
from darnax.composing.references import ABSENT, find
from darnax.errors import Problem, RequestError
from darnax.files import exists, expand_user
from darnax.laboratory.data_filling import DataFiller
from darnax.laboratory.lengthening import EPOCHS
from darnax.printing import printable

if TYPE_CHECKING:
    from darnax.composing.composer import Composer
    from darnax.composing.composition import Composed
    from darnax.runner.experiment import Experiment

DATA = "paths.data"
OWN = "data.path"
DISTRIBUTED = "runner.distributed"
LOOKED_FOR = "%s: %s does not exist here; the data are looked for in %s"
logger = logging.getLogger(__name__)


def with_paths_here(
    config: Mapping[str, Any], chosen: str | None = None, folder: Path | None = None
) -> dict[str, Any]:
    """Return a saved configuration in which every path exists here, or is the default one.

    `chosen` is the data folder that the command line gives; it is used as it is. `folder` is that
    of the run, which may contain its data.
    """
    own = path_in_run(config, folder)
    if own is not None:
        config = with_data_path(config, own)
    paths = config.get("paths")
    if not isinstance(paths, Mapping):
        return dict(config)  # the builder will report what is wrong with it
    new = {name: existing_or_default(name, path) for name, path in paths.items()}
    if chosen is not None:
        new["data"] = chosen
    else:
        warn_of_data_folder(config, {**config, "paths": new})
    return {**config, "paths": new}


def path_in_run(config: Mapping[str, Any], folder: Path | None) -> str | None:
    """Return the path of data that a run keeps in its own folder: a relative one; or None."""
    path = find(config, "data.path")
    if folder is None or not isinstance(path, str) or path.startswith(("/", "~")):
        return None
    return str((folder / path).absolute())


def values_in_run(config: Mapping[str, Any], folder: Path | None) -> dict[str, str]:
    """Map the key of data that a run keeps in its own folder to their path."""
    own = path_in_run(config, folder)
    return {} if own is None else {"data.path": own}


def with_data_path(config: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return a resolved configuration with another `data.path`, which the source refers to.

    Raises:
        RequestError: it has none.
    """
    if not isinstance(find(config, OWN), str):
        raise RequestError(Problem(OWN, "has no effect on these data; leave it out"))
    data = {**config["data"], "path": path}
    source = data.get("source")
    if isinstance(source, Mapping) and source.get("path") == config["data"]["path"]:
        data["source"] = {**source, "path": path}
    return {**config, "data": data}


def warn_of_data_folder(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Warn that data are read from another folder than the recorded one, if that is so."""
    was, now = (find(config, DATA) for config in (before, after))
    if was != now and not (after.get("data") or {}).get("source"):
        logger.warning(LOOKED_FOR, DATA, printable(str(was)), printable(str(now)))


def is_of_a_run(file: Path) -> bool:
    """Return whether a configuration is in a run folder: its paths existed where it was trained."""
    return file.name == "config.yaml" and file.with_name("summary.json").is_file()


def values_here(config: Mapping[str, Any], folder: Path | None = None) -> dict[str, str]:
    """Map every path that does not exist here to its value on this machine.

    `folder` is that of the run, which may contain its data.
    """
    paths = config.get("paths")
    if not isinstance(paths, Mapping):
        return {}
    changed = values_in_run(config, folder)
    for name, path in paths.items():
        here = existing_or_default(name, path)
        if here != path:
            changed[f"paths.{name}"] = here
    return changed


def values_of_machine(config: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Map what a given configuration says of the machine to its value here.

    Processes are joined by the command line alone: a file could name any coordinator.
    """
    changed: dict[str, Any] = {}
    if is_of_a_run(file):
        changed |= values_here(config, file.parent)
    if distributed_of(config) is not None:
        changed[DISTRIBUTED] = None
    return changed


def distributed_of(config: Mapping[str, Any]) -> Any:
    """Return the value of `runner.distributed`; None if a configuration has none."""
    value = find(config, DISTRIBUTED)
    return None if value is ABSENT else value


def composer_here(
    file: Path | None, overrides: Sequence[str], fill: DataFiller | None = None
) -> "Composer":
    """Return the composer of new runs on this machine; the given file may be from another one.

    `fill` returns values that a configuration leaves to the data; by default it reads the data.
    """
    from darnax.composing.composer import Composer

    adapt = partial(values_of_machine, file=file) if file else None
    filler = DataFiller() if fill is None else fill
    return Composer(file, trust.trusted_packages(overrides), adapt=adapt, fill=filler)


def compose_here(
    overrides: Sequence[str], file: Path | None, fill: DataFiller | None = None
) -> "Composed":
    """Compose the configuration of a new run here; the given file may be from another machine."""
    composer = composer_here(file, overrides, fill)
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


def require_of_machine(overrides: Sequence[str]) -> None:
    """Raise RequestError if overrides of a resume change more than this machine's settings.

    The number of epochs may be larger, too.
    """
    allowed = tuple(f"{key}=" for key in ("trust", DATA, OWN, EPOCHS, DISTRIBUTED))
    if any(not word.startswith(allowed) for word in overrides):
        what = "resumes with the configuration of the run; leave out everything else but "
        what += "trust=[…], paths.data=DIR, data.path=PATH, runner.distributed=… "
        what += f"and {EPOCHS}=N for longer training"
        raise RequestError(Problem("--resume", what))


def data_folder_in(overrides: Sequence[str]) -> str | None:
    """Return the folder that `paths.data=DIR` gives on a command line.

    Example:
        >>> data_folder_in(["trust=[mylab]", "paths.data=/data/tfds"])
        '/data/tfds'
    """
    return value_of(overrides, DATA)


def data_path_in(overrides: Sequence[str]) -> str | None:
    """Return the absolute path that `data.path=PATH` gives on a command line."""
    path = value_of(overrides, OWN)
    return None if path is None else str(expand_user(path).absolute())


def longer_in(overrides: Sequence[str]) -> str | None:
    """Return the last word `runner.epochs=N` of a command line."""
    words = [word for word in overrides if word.startswith(f"{EPOCHS}=")]
    return words[-1] if words else None


def distributed_in(overrides: Sequence[str]) -> Any:
    """Return the value of the last `runner.distributed=…` of a command line, or None.

    Example:
        >>> distributed_in(["runner.distributed={coordinator: node1:1234, processes: 2, rank: 0}"])
        {'coordinator': 'node1:1234', 'processes': 2, 'rank': 0}
    """
    words = [word for word in overrides if word.startswith(f"{DISTRIBUTED}=")]
    value = None
    for override in hydra_settings.parse_overrides(words):
        value = override.value()
    return value


def value_of(overrides: Sequence[str], key: str) -> str | None:
    """Return the last value that a command line gives to a key."""
    values = [word.partition("=")[2] for word in overrides if word.startswith(f"{key}=")]
    return values[-1].strip("'\"") if values else None


def with_devices_here(experiment: "Experiment") -> "Experiment":
    """Return the experiment with at most as many devices as this machine has."""
    import jax

    from darnax.runner import processes

    available, used = len(jax.local_devices()), experiment.runner.devices
    if used == "all" or used <= available:
        return experiment
    # The devices share a batch evenly: their number divides the batch size.
    batch_size = experiment.data.batch_size // processes.count()
    count = max(number for number in range(1, available + 1) if batch_size % number == 0)
    logger.warning(
        "runner.devices: %d were used, and there are %d here; %d share each batch now",
        used,
        available,
        count,
    )
    settings = experiment.runner.model_copy(update={"devices": count})
    return replace(experiment, runner=settings)
