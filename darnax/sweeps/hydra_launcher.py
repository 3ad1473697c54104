"""The launcher of a sweep: whether it can be used here, what a recorded one may be told, and where its own files go."""

import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from darnax.children import keep_to_installed_code
from darnax.composing.composer import Composer, as_strings
from darnax.errors import Problem, RequestError, first_line
from darnax.sweeps.batches import Task

NEEDS = {
    "JoblibLauncher": "joblib",
    "LocalLauncher": "submitit",
    "SlurmLauncher": "submitit",
    "RayLauncher": "ray",
}
INSTALL = 'pip install "darnax[{}]"'


def require_usable(config: DictConfig, composer: Composer) -> None:
    """Raise RequestError where the launcher cannot start a point on this machine; nothing is started or written."""
    name, target = (
        config.hydra.runtime.choices.get("hydra/launcher"),
        config.hydra.launcher._target_,
    )
    module = NEEDS.get(kind := target.rpartition(".")[2])
    if module is not None and find_spec(module) is None:
        raise RequestError(
            Problem(
                f"hydra/launcher={name}",
                f"needs {module}, which is not installed; {install_command(name)}",
            )
        )
    if kind == "SlurmLauncher" and shutil.which("srun") is None:
        what = "there is no srun on the PATH; start the sweep where SLURM is, or choose another launcher"
        raise RequestError(Problem(f"hydra/launcher={name}", what))
    if config.hydra.launcher.get("n_jobs") == 0:
        raise RequestError(
            Problem(
                "hydra.launcher.n_jobs",
                "got 0, expected a number of processes, or -1 for every core",
            )
        )
    try:
        make_launcher(config, composer, lambda overrides: None)
    except Exception as error:  # plugins may raise anything
        missing = isinstance(error, ImportError | RuntimeError)
        what = (
            f"is not installed; {install_command(name)}"
            if missing
            else f"cannot be made ({first_line(str(error.__cause__ or error))})"
        )
        raise RequestError(Problem(f"hydra/launcher={name}", f"{target} {what}")) from error


def install_command(name: str) -> str:
    """Say how to install what a launcher needs."""
    return INSTALL.format("ray" if name == "ray" else "sweeps")


def make_launcher(config: DictConfig, composer: Composer, task: Task) -> Launcher:
    """Make the launcher that a configuration of Hydra's names."""
    context = HydraContext(config_loader=composer, callbacks=Callbacks())
    parts: Any = {
        "hydra_context": context,
        "task_function": partial(run_named, task),
        "config": config,
    }
    return Plugins.instance().instantiate_launcher(**parts)


@contextmanager
def launcher(
    config: DictConfig, composer: Composer, folder: Path, task: Task
) -> Iterator[Launcher]:
    """Make the launcher for the time of the block, with a new folder for the files that it writes and reads itself.

    Submitit reads pickled results: it is given a name that nobody knows before, so that it finds none of another's.
    """
    keep_to_installed_code()
    name = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="darnax-") as elsewhere, open_dict(config):
        submits = NEEDS.get(config.hydra.launcher._target_.rpartition(".")[2]) == "submitit"
        config.hydra.sweep.dir = str(folder / ".submitit" / name) if submits else elsewhere
        config.hydra.sweep.subdir = "."
        yield make_launcher(config, composer, task)


def run_named(task: Task, config: DictConfig) -> None:
    """Call the task of a launcher's job with the overrides that name its point."""
    del config
    task(as_strings(HydraConfig.get().overrides.task))


def is_here(config: DictConfig) -> bool:
    """Tell whether points run in this process."""
    return bool(
        config.hydra.launcher._target_.endswith(".BasicLauncher")
    )  # Hydra loads the class anew: isinstance fails


def is_on_this_machine(config: DictConfig) -> bool:
    """Tell whether points run on this machine, and so find here what they will find there."""
    return config.hydra.launcher._target_.rpartition(".")[2] not in ("SlurmLauncher", "RayLauncher")


def pop_lanes(config: DictConfig) -> int:
    """Take `lanes`, which no launcher of Hydra's knows, out of the launcher's settings."""
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
    """Raise RequestError where a launcher or a sweeper is given objects to make: Hydra would make whatever they name."""
    if config.hydra[part] is None:
        raise RequestError(
            Problem(f"hydra.{part}", "is null; leave it out, and the usual one is taken")
        )
    node = OmegaConf.to_container(config.hydra[part])
    inside = (
        [name for child in node.values() for name in find_targets(child)]
        if isinstance(node, dict)
        else []
    )
    if inside:
        raise RequestError(
            Problem(
                f"hydra.{part}: {inside[0]}",
                "a launcher or sweeper takes values, and no `_target_` inside",
            )
        )


def find_targets(node: Any) -> Iterator[str]:
    """Yield every `_target_` in a tree."""
    if isinstance(node, dict) and "_target_" in node:
        yield f"_target_: {node['_target_']}"
    for child in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from find_targets(child)


def overrides_chosen_by_files(
    settings: Mapping[str, Any], composer: Composer, overrides: list[str]
) -> list[str]:
    """Return the words that would choose the launcher, and set it, as files have: a sweep is resumed without these files.

    Args:
        settings: of the launcher, by key.
        composer: of the sweep.
        overrides: the words of the command line, which are recorded as they are.
    """
    said = {word.lstrip("+").partition("=")[0] for word in overrides}
    name = settings["hydra/launcher"]
    usual: Any = OmegaConf.to_container(
        composer.compose([f"hydra/launcher={name}"]).hydra.launcher, resolve=False
    )
    choice = [f"hydra/launcher={name}"] if name != "basic" and "hydra/launcher" not in said else []
    differing = {
        key: value
        for key, value in settings.items()
        if key.startswith("hydra.launcher.")
        and key not in said
        and value != usual.get(key.rpartition(".")[2])
    }
    return [*choice, *(f"++{key}={json.dumps(value)}" for key, value in differing.items())]
