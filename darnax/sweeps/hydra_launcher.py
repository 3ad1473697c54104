"""The launcher of a sweep: whether it can be used, and which folder its own files go to."""

import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, OmegaConf, open_dict

from darnax.children import keep_to_installed_code
from darnax.composing.composer import Composer, as_strings
from darnax.composing.hydra_loader import POINT
from darnax.errors import Problem, RequestError, first_line
from darnax.extras import install_command
from darnax.sweeps.batches import Task
from darnax.sweeps.ray_start import ray_started
from darnax.trees import find_targets

NEEDS = {
    "JoblibLauncher": "joblib",
    "LocalLauncher": "submitit",
    "SlurmLauncher": "submitit",
    "RayLauncher": "ray",
}
TASKS = ("nodes", "tasks_per_node")  # submitit starts a point once for every task
ONE_TASK = "got {}, expected 1: a point of a sweep is trained by one process"


def require_usable(config: DictConfig, composer: Composer) -> None:
    """Raise RequestError if the launcher is not installed, or cannot be made; starts nothing."""
    name = config.hydra.runtime.choices.get("hydra/launcher")
    where, target = f"hydra/launcher={name}", config.hydra.launcher._target_
    kind = target.rpartition(".")[2]
    module = NEEDS.get(kind)
    if module is not None and find_spec(module) is None:
        what = f"needs {module}, which is not installed; {install_launcher(name)}"
        raise RequestError(Problem(where, what))
    if config.hydra.launcher.get("n_jobs") == 0:
        what = "got 0, expected a number of processes, or -1 for every core"
        raise RequestError(Problem("hydra.launcher.n_jobs", what))
    if module == "submitit":
        require_one_task(config)
    try:
        make_launcher(config, composer, lambda overrides: None)
    except Exception as error:  # plugins may raise anything
        if isinstance(error, ImportError | RuntimeError):
            what = f"is not installed; {install_launcher(name)}"
        else:
            what = f"cannot be made ({first_line(str(error.__cause__ or error))})"
        raise RequestError(Problem(where, f"{target} {what}")) from error


def require_one_task(config: DictConfig) -> None:
    """Raise RequestError if submitit would start several processes for each point.

    One of them would train the point. The others would find it locked, and end.
    """
    problems = []
    for key in TASKS:
        number = config.hydra.launcher.get(key)
        if number not in (None, 1):
            problems.append(Problem(f"hydra.launcher.{key}", ONE_TASK.format(number)))
    if problems:
        raise RequestError(*problems)


def require_srun(config: DictConfig) -> None:
    """Raise RequestError if points are SLURM jobs, and this machine cannot start one."""
    if config.hydra.launcher._target_.endswith(".SlurmLauncher") and shutil.which("srun") is None:
        where = f"hydra/launcher={config.hydra.runtime.choices.get('hydra/launcher')}"
        what = "there is no srun on the PATH; start the sweep on a SLURM machine, or "
        raise RequestError(Problem(where, f"{what}choose another launcher"))


def describe_launcher(config: DictConfig) -> str:
    """Return the launcher of a sweep and the settings that have a value, as `key=value`.

    Example:
        `submitit_slurm: timeout_min=60 cpus_per_task=2 partition=gpu`
    """
    name = config.hydra.runtime.choices.get("hydra/launcher")
    values: Any = OmegaConf.to_container(config.hydra.launcher, resolve=False)
    shown = []
    for key, value in values.items():
        is_set = value is not None and value != {}
        if is_set and key not in ("_target_", "submitit_folder", "name"):
            shown.append(f"{key}={value}")
    return f"{name}: {' '.join(shown)}" if shown else str(name)


def install_launcher(name: str) -> str:
    """Return the command that installs what a launcher needs."""
    return install_command("ray" if name == "ray" else "sweeps")


def make_launcher(config: DictConfig, composer: Composer, task: Task) -> Launcher:
    """Make the launcher that a configuration of Hydra's names."""
    parts: Any = {
        "hydra_context": composer.launcher_context(),
        "task_function": partial(run_named, task),
        "config": config,
    }
    return Plugins.instance().instantiate_launcher(**parts)


@contextmanager
def launcher(
    config: DictConfig, composer: Composer, folder: Path, task: Task
) -> Iterator[Launcher]:
    """Make the launcher for the duration of the block, with a new folder for its own files.

    Submitit reads pickled results. Its folder has an unpredictable name, so that nobody can place
    a pickle there beforehand.
    """
    keep_to_installed_code()
    name = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="darnax-") as elsewhere, open_dict(config):
        package = NEEDS.get(config.hydra.launcher._target_.rpartition(".")[2])
        own_folder = str(folder / ".submitit" / name)
        config.hydra.sweep.dir = own_folder if package == "submitit" else elsewhere
        config.hydra.sweep.subdir = "."
        with ray_started(config.hydra.launcher) if package == "ray" else nullcontext():
            yield make_launcher(config, composer, task)


def run_named(task: Task, config: DictConfig) -> None:
    """Call the task of a launcher's job with the overrides that name its point."""
    # Not from HydraConfig, which all threads of a process share.
    task(as_strings(config[POINT]))


def is_here(config: DictConfig) -> bool:
    """Return whether points run in this process."""
    # Compared by name: Hydra loads the class again, so that isinstance fails.
    return bool(config.hydra.launcher._target_.endswith(".BasicLauncher"))


def is_on_this_machine(config: DictConfig) -> bool:
    """Return whether points run on this machine, and so find the same folders as this process."""
    return config.hydra.launcher._target_.rpartition(".")[2] not in ("SlurmLauncher", "RayLauncher")


def pop_lanes(config: DictConfig) -> int:
    """Remove `lanes`, which is darnax's own setting, from the launcher's settings; return it."""
    if "lanes" not in config.hydra.launcher:
        return 1
    with open_dict(config):
        lanes = config.hydra.launcher.pop("lanes")
    if isinstance(lanes, bool) or not isinstance(lanes, int) or lanes < 1:
        raise RequestError(
            Problem("hydra.launcher.lanes", f"got {lanes}, expected a number of points from 1")
        )
    return lanes


def require_values(config: DictConfig, part: str) -> None:
    """Raise RequestError if a launcher or sweeper contains a `_target_`: Hydra would call it."""
    if config.hydra[part] is None:
        what = "is null; leave it out to use the default"
        raise RequestError(Problem(f"hydra.{part}", what))
    node = OmegaConf.to_container(config.hydra[part])
    for child in node.values() if isinstance(node, dict) else ():
        for _, described in find_targets(child):
            target = f"_target_: {described['_target_']}"
            what = "a launcher or sweeper takes values, and no `_target_` inside"
            raise RequestError(Problem(f"hydra.{part}: {target}", what))


def overrides_chosen_by_files(
    settings: Mapping[str, Any], composer: Composer, overrides: list[str]
) -> list[str]:
    """Return as overrides the choice and settings of the launcher that came from files.

    They are recorded, because a sweep is resumed without these files.

    Args:
        settings: of the launcher, by key.
        composer: of the sweep.
        overrides: those of the command line, which are recorded as they are.
    """
    given = {word.lstrip("+").partition("=")[0] for word in overrides}
    name = settings["hydra/launcher"]
    config = composer.compose([f"hydra/launcher={name}"])
    defaults: Any = OmegaConf.to_container(config.hydra.launcher, resolve=False)
    chosen = []
    if name != "basic" and "hydra/launcher" not in given:
        chosen.append(f"hydra/launcher={name}")
    for key, value in settings.items():
        if key.startswith("hydra.launcher."):
            for changed, new in changes(key, value, defaults.get(key.rpartition(".")[2])):
                if changed not in given and key not in given:
                    chosen.append(f"++{changed}={json.dumps(new)}")
    return chosen


def changes(key: str, value: Any, default: Any) -> Iterator[tuple[str, Any]]:
    """Yield what differs from a default; of a mapping with defaults, each entry by itself.

    Example:
        >>> list(changes("ray", {"cpus": 2, "log": False}, {"cpus": 1, "log": False}))
        [('ray.cpus', 2)]
    """
    if isinstance(value, dict) and isinstance(default, dict) and default:
        for name, entry in value.items():
            yield from changes(f"{key}.{name}", entry, default.get(name))
    elif value != default:
        yield key, value
