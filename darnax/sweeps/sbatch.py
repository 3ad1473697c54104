"""A script for `sbatch` that trains one run on several machines of a SLURM cluster.

Its settings are those of the launcher `submitit_slurm`: `hydra.launcher.nodes=2`.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.types import RunMode
from omegaconf import OmegaConf

from darnax.composing.composer import Composer, normalise_overrides
from darnax.composing.hydra_settings import is_of_hydra
from darnax.composing.references import find
from darnax.errors import Problem, RequestError
from darnax.printing import count_of

LAUNCHER = "hydra/launcher"
SLURM = "submitit_slurm"
OPTIONS = {  # setting of the launcher -> option of sbatch
    "nodes": "nodes",
    "tasks_per_node": "ntasks-per-node",
    "timeout_min": "time",
    "cpus_per_task": "cpus-per-task",
    "gpus_per_node": "gpus-per-node",
    "partition": "partition",
    "account": "account",
    "qos": "qos",
    "constraint": "constraint",
    "exclude": "exclude",
    "gres": "gres",
    "cpus_per_gpu": "cpus-per-gpu",
    "mem_per_gpu": "mem-per-gpu",
    "mem_per_cpu": "mem-per-cpu",
    "comment": "comment",
}
# Settings of the launcher that a script uses.
USED = {*OPTIONS, "mem_gb", "signal_delay_s", "additional_parameters", "setup"}


def split_words(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the overrides of a run, and those of the launcher.

    Example:
        >>> split_words(["seed=1", "hydra.launcher.nodes=2"])
        (['seed=1'], ['hydra.launcher.nodes=2'])
    """
    of_launcher = [word for word in words if is_of_hydra(word.lstrip("+").partition("=")[0])]
    return [word for word in words if word not in of_launcher], of_launcher


def read_launcher(words: Sequence[str]) -> dict[str, Any]:
    """Return the settings of the launcher `submitit_slurm`, or of one that is made from it.

    Raises:
        RequestError: it is another launcher, the number of processes is invalid, or a word sets
            what a script does not use.
    """
    chosen = any(word.lstrip("+").startswith(f"{LAUNCHER}=") for word in words)
    overrides = list(words) if chosen else [f"{LAUNCHER}={SLURM}", *words]
    config = Composer().compose(normalise_overrides(overrides), RunMode.MULTIRUN)
    settings: Any = OmegaConf.to_container(config.hydra.launcher, resolve=False)
    if not settings["_target_"].endswith(".SlurmLauncher"):
        what = f"got {settings['_target_']}, expected {SLURM} or a file that starts from it"
        raise RequestError(Problem(LAUNCHER, what))
    require_used(words, settings)
    for key in ("nodes", "tasks_per_node"):
        number = settings[key]
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            what = f"got {number}, expected a positive integer"
            raise RequestError(Problem(f"hydra.launcher.{key}", what))
    return settings


def require_used(words: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Raise RequestError for every word that a script does not depend on."""
    problems = []
    for word in words:
        key = word.lstrip("+").partition("=")[0].replace("/", ".")
        name = key.removeprefix("hydra.launcher.").partition(".")[0]
        is_of_sweeps = key.startswith("hydra.sweeper") or (name in settings and name not in USED)
        if is_of_sweeps:
            what = "has no effect on a script of one run, only on a sweep; leave it out"
            problems.append(Problem(word, what))
    if problems:
        raise RequestError(*problems)


def require_even_shares(config: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Raise RequestError if the devices of all processes cannot share a batch evenly."""
    processes = settings["nodes"] * settings["tasks_per_node"]
    devices = find(config, "runner.devices")
    shares = processes * (devices if isinstance(devices, int) else 1)
    batch_size = find(config, "data.batch_size")
    if batch_size % shares:
        what = f"{count_of(shares, 'device')} cannot share {count_of(batch_size, 'example')} evenly"
        raise RequestError(Problem("data.batch_size", f"{what}; change either"))


def write_script(name: str, command: Sequence[str], settings: Mapping[str, Any]) -> list[str]:
    """Return the lines of a script that starts `command` once for every process.

    Args:
        name: of the job.
        command: what each process runs.
        settings: of the launcher.
    """
    options = {"job-name": name}
    for key, option in OPTIONS.items():
        if settings.get(key) is not None:
            options[option] = settings[key]
    if settings.get("mem_gb") is not None:
        options["mem"] = f"{settings['mem_gb']}GB"
    # To all processes: the run saves a checkpoint before its time is over.
    options["signal"] = f"USR1@{settings['signal_delay_s']}"
    options |= settings.get("additional_parameters") or {}
    lines = ["#!/bin/bash"]
    for option, value in options.items():
        lines.append(f"#SBATCH --{option}={value}")
    lines += settings.get("setup") or []
    srun = ["srun"]
    if settings.get("cpus_per_task") is not None:  # which srun does not take from sbatch
        srun.append(f"--cpus-per-task={settings['cpus_per_task']}")
    return [*lines, shlex.join([*srun, *command])]
