"""Settings of Hydra's own: refuses all that have no effect, i.e. all but launcher and sweeper."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from darnax.errors import Problem, RequestError

SWEEPS = ("hydra/launcher", "hydra/sweeper", "hydra.launcher", "hydra.sweeper")
SEARCH_PATH = "hydra.searchpath"  # has an effect where files of groups are read

FOLDERS = "folders are made in paths.outputs; choose it with paths.outputs=DIR"
LOGGING = "darnax writes train.log in the run folder; --debug shows tracebacks"
INSTEAD = {
    "hydra.run": FOLDERS,
    "hydra.sweep": FOLDERS,
    "hydra.output_subdir": FOLDERS,
    "hydra.verbose": LOGGING,
    "hydra.job_logging": LOGGING,
    "hydra.hydra_logging": LOGGING,
    "hydra.mode": "a sweep is started with -m",
    "hydra.job.chdir": "darnax stays in the directory where it was called; change it before",
    "hydra.job.env_set": "set the variable before the command: NAME=value darnax …",
    "hydra.job.env_copy": "set the variable before the command: NAME=value darnax …",
    "hydra.searchpath": (
        "a saved configuration is composed without other files; give single values: key=value"
    ),
}
# Hydra's node as it is if nothing changes it, without the launcher and the sweeper.
UNCHANGED: dict[str, Any] = {
    "run.dir": "outputs/${now:%Y-%m-%d}/${now:%H-%M-%S}",
    "sweep.dir": "multirun/${now:%Y-%m-%d}/${now:%H-%M-%S}",
    "sweep.subdir": "${hydra.job.num}",
    "output_subdir": None,
    "verbose": False,
    "callbacks": {},
    "job.name": "darnax",
    "job.chdir": False,
    "job.env_set": {},
    "job.env_copy": [],
}


def require_effective(overrides: Sequence[str], *, multirun: bool, saved: bool = False) -> None:
    """Raise RequestError if an override sets something of Hydra's that would have no effect.

    Settings of the launcher and the sweeper have an effect with `multirun`; the search path has
    one, except with a `saved` configuration.

    Example:
        >>> require_effective(["seed=1", "hydra/launcher=joblib"], multirun=True)
        >>> require_effective(["hydra.run.dir=here"], multirun=True)
        Traceback (most recent call last):
        darnax.errors.RequestError: hydra.run.dir=here: would have no effect; folders are made ...
    """
    problems = []
    for override in parse_overrides(overrides):
        reason = explain_ineffective(override, multirun=multirun, saved=saved)
        if reason:
            problems.append(Problem(str(override.input_line), reason))
    if problems:
        raise RequestError(*problems)


def explain_ineffective(override: Override, *, multirun: bool, saved: bool) -> str:
    """Return why an override has no effect, and what to do instead; "" if it has one."""
    key = override.key_or_group
    if not is_of_hydra(key):
        return ""
    if key.startswith(SWEEPS) and override.package is None:
        what = "has an effect only in a sweep; start one with -m, or leave it out"
        return "" if multirun else what
    if key == SEARCH_PATH and not saved:
        return ""
    return f"would have no effect; {suggest_instead(key)}"


def is_of_hydra(key: str) -> bool:
    """Return whether a key or group is one of Hydra's own."""
    return key == "hydra" or key.startswith(("hydra.", "hydra/"))


def suggest_instead(key: str) -> str:
    """Return what to do instead of setting a key."""
    key = key.replace("/", ".")
    found = [text for start, text in INSTEAD.items() if f"{key}.".startswith(f"{start}.")]
    return found[0] if found else "leave it out"


def parse_overrides(overrides: Iterable[str]) -> Iterator[Override]:
    """Parse overrides; those that cannot be parsed are skipped, composing will explain them."""
    parser = OverridesParser.create()
    for override in overrides:
        try:
            yield parser.parse_override(override)
        except HydraException:
            continue


def require_unchanged(config: DictConfig) -> None:
    """Raise RequestError if a file has set a setting of Hydra's that would have no effect."""
    node: Any = OmegaConf.to_container(config.hydra, resolve=False)
    problems = []
    for key, value in UNCHANGED.items():
        found = find_setting(node, key)
        if found != value:
            name = f"hydra.{key}"
            what = f"is set to {found}, which would have no effect; {suggest_instead(name)}"
            problems.append(Problem(name, what))
    if problems:
        raise RequestError(*problems)


def find_setting(node: Any, key: str) -> Any:
    """Return the value of a dotted key; None if there is none."""
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node
