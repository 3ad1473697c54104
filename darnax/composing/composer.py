"""Composes overrides into plain resolved dictionaries with Hydra, without its side effects.

Hydra configures no logging here and never changes the working directory.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from darnax.composing import (
    config_folders,
    explanations,
    hydra_settings,
    key_names,
    own_files,
    references,
    saved_configuration,
    secrets,
    trust,
    unresolved_values,
)
from darnax.composing.composition import Composed, keep_references
from darnax.composing.derivations import find_derivations
from darnax.composing.hydra_loader import CachingLoader
from darnax.errors import Problem, RequestError
from darnax.reports.configuration import COMPUTED

Adapt = Callable[[Mapping[str, Any]], Mapping[str, Any]]
Check = Callable[[DictConfig], None]
Fill = Callable[[Mapping[str, Any]], Mapping[str, Any]]
QUIET = [
    "hydra.output_subdir=null",
    "hydra.job.chdir=false",
    "hydra/job_logging=none",
    "hydra/hydra_logging=none",
]
# Groups that are not in the defaults list: Hydra requires +experiment=…
APPENDED = ("experiment=", "debug=", "sweep=")


P = ParamSpec("P")
R = TypeVar("R")
# Hydra, and OmegaConf's resolvers, keep the configuration in objects of the whole process.
composing = threading.RLock()


def one_at_a_time(
    method: Callable[Concatenate["Composer", P], R],
) -> Callable[Concatenate["Composer", P], R]:
    """Return a method of Composer that only one thread of the process runs at a time."""

    @wraps(method)
    def run_locked(self: "Composer", *args: P.args, **kwargs: P.kwargs) -> R:
        with composing:
            return method(self, *args, **kwargs)

    return cast(Callable[Concatenate["Composer", P], R], run_locked)


class Composer(CachingLoader):
    """Hydra's loader over ./configs and the packaged configurations.

    Args:
        file: a complete configuration, as a run saves it. With it, nothing else is read: overrides
            change its values, and of the packaged files only the launcher and sweeper are used.
        trusted: the packages that the command line trusts.
        adapt: returns the values of the file that are different on this machine, by their keys;
            overrides are applied after them.
        fill: returns, by their keys, the values that a resolved configuration leaves open.
    """

    @one_at_a_time
    def __init__(
        self,
        file: Path | None = None,
        trusted: Collection[str] = (),
        *,
        adapt: Adapt | None = None,
        fill: Fill | None = None,
    ) -> None:
        self.fill = fill
        folders = config_folders.config_folders()
        if file is not None:
            folders = [config_folders.packaged_folder()]
        super().__init__(folders)
        self.trusted = trusted
        self.saved = None if file is None else saved_configuration.read_saved(file)
        self.here = adapt(self.saved.resolved) if adapt and self.saved else {}

    @one_at_a_time
    def compose(self, overrides: list[str], mode: RunMode = RunMode.RUN) -> DictConfig:
        """Compose with Hydra's node and open interpolations; explain every invalid override."""
        if self.saved is not None:
            return self.compose_around_saved(self.saved, overrides, mode)
        own_files.require_directives(overrides)
        try:
            return self.compose_once(overrides, mode)
        except Exception as error:
            raise RequestError(*self.problems(overrides, mode)) from error

    @one_at_a_time
    def change(self, before: Composed, overrides: list[str], *, fresh: bool = True) -> Composed:
        """Return a saved configuration on this machine, after overrides."""
        return saved_configuration.apply_overrides(
            before, overrides, self.is_group, fresh=fresh, here=self.here
        )

    def compose_around_saved(
        self, configuration: Composed, overrides: list[str], mode: RunMode
    ) -> DictConfig:
        """Add Hydra's node to a saved configuration, for a sweep."""
        parsed = list(hydra_settings.parse_overrides(overrides))
        hydra = [str(o.input_line) for o in parsed if hydra_settings.is_of_hydra(o.key_or_group)]
        task = [word for word in overrides if word not in hydra]
        swept = {str(o.input_line) for o in parsed if o.is_sweep_override()}
        fixed = [word for word in task if word not in swept]
        resolved = self.change(configuration, fixed, fresh=False).resolved
        try:
            config = self.compose_once(hydra, mode)
        except Exception as error:
            raise RequestError(*self.problems(hydra, mode)) from error
        with open_dict(config):
            config.hydra.overrides.task = task
        return OmegaConf.create({"hydra": config.hydra, **resolved})

    def problems(self, overrides: list[str], mode: RunMode = RunMode.RUN) -> list[Problem]:
        """Add the overrides one by one, choices of files first, and explain each that fails."""
        try:
            config = self.compose_point_once([], mode)
        except Exception as error:
            return [explanations.explain_composition("", error, [])]
        good: list[str] = []
        found: list[Problem] = []
        for override in sorted(overrides, key=self.sets_a_value):
            try:
                config = self.compose_point_once([*good, override], mode)
                good.append(override)
            except Exception as error:
                known = key_names.settable_names(config)
                tree = cast(dict[str, Any], OmegaConf.to_container(config))
                found.append(explanations.explain_composition(override, error, known, tree))
        return found

    def sets_a_value(self, override: str) -> bool:
        """Return whether an override sets a value, not the file of a group (`model=chain`)."""
        return not self.is_group(override.lstrip("+~").partition("=")[0])

    def is_group(self, key: str) -> bool:
        """Return whether a key is a folder of configurations."""
        try:
            return self.repository.group_exists(key)
        except (OSError, ValueError):  # no name of a folder: too long, or with a null byte
            return False

    def run(self, overrides: list[str]) -> dict[str, Any]:
        """Compose the configuration of one run into plain, resolved containers."""
        return self.run_composed(overrides).resolved

    @one_at_a_time
    def run_composed(self, overrides: list[str]) -> Composed:
        """Compose the configuration of one run, with what its values were composed from."""
        hydra_settings.require_effective(overrides, multirun=False, saved=self.saved is not None)
        if self.saved is not None:
            return self.complete(self.change(self.saved, overrides))
        config = self.compose(normalise_overrides(overrides))
        if config.hydra.mode == RunMode.MULTIRUN or (config.hydra.sweeper or {}).get("params"):
            what = "this configuration is a sweep; start it with darnax train -m or darnax.sweep"
            raise RequestError(Problem("hydra.sweeper", what))
        hydra_settings.require_unchanged(config)
        return self.to_plain(config)

    @one_at_a_time
    def compose_point(
        self, hydra: list[str], overrides: list[str], check: Check = lambda config: None
    ) -> Composed:
        """Compose one point of a sweep; raise RequestError if that or `check` fails."""
        if self.saved is not None:
            return self.complete(self.change(self.saved, overrides))
        words = [*hydra, *overrides]
        own_files.require_directives(words)
        try:
            config = self.compose_point_once(words)
        except Exception as error:
            problems = self.problems(words)
            if problems:
                raise RequestError(*problems) from error
            config = self.compose(words)
        check(config)
        return self.to_plain(config)

    def complete(self, composed: Composed) -> Composed:
        """Return a saved configuration with the values that it leaves open, or raise."""
        composed = self.require_admissible(composed)
        values = self.fill(composed.resolved) if self.fill else {}
        if not values:
            return composed
        filled = saved_configuration.apply_overrides(
            composed, [], self.is_group, fresh=False, here=values
        )
        return self.require_admissible(filled)

    def to_plain(self, config: DictConfig) -> Composed:
        """Return what Hydra has composed as plain values, without Hydra's node."""
        HydraConfig.instance().set_config(config)
        with open_dict(config):
            del config["hydra"]
        problems = unresolved_values.find_keys_read_as_booleans(config)
        if problems:
            raise RequestError(*problems)
        raw, resolved = self.to_containers(config)
        values: Mapping[str, Any] = {}
        if self.fill is not None:
            trust.require_granted(resolved, self.trusted)  # before an object is made of it
            values = self.fill(resolved)
        if values:
            with open_dict(config):
                for key, value in values.items():
                    OmegaConf.update(config, key, value, merge=False)
            raw, resolved = self.to_containers(config)
        return self.require_admissible(keep_references(raw, resolved))

    def to_containers(self, config: DictConfig) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what Hydra has composed with its interpolations, and resolved."""
        raw = OmegaConf.to_container(config, resolve=False)
        try:
            resolved = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        except OmegaConfBaseException as error:
            raise RequestError(*unresolved_values.explain_unresolved(config)) from error
        return cast(dict[str, Any], raw), cast(dict[str, Any], resolved)

    def require_admissible(self, composed: Composed) -> Composed:
        """Return a configuration without references, secrets or need of trust, or raise."""
        problems = [
            Problem(name, f"got {text}, which still refers to something")
            for name, text in references.interpolations(composed.resolved)
        ]
        sources = find_derivations(composed.to_container())
        problems += secrets.find_exposed(composed.resolved | {COMPUTED: sources})
        if problems:
            raise RequestError(*problems)
        trust.require_granted(composed.resolved, self.trusted)
        return composed


def compose(
    overrides: list[str],
    file: Path | None = None,
    *,
    adapt: Adapt | None = None,
    fill: Fill | None = None,
) -> dict[str, Any]:
    """Compose one configuration into plain, resolved containers; see `Composer`.

    Example:
        >>> compose(["seed=3"])["seed"]
        3
    """
    trusted = trust.trusted_packages(overrides)
    return Composer(file, trusted, adapt=adapt, fill=fill).run(overrides)


def default_value(name: str) -> Any:
    """Return one value of the default configuration, even if the rest is incomplete."""
    return OmegaConf.select(Composer().compose([]), name, throw_on_missing=True)


def as_strings(overrides: Any) -> list[str]:
    """Return overrides as they were typed, without resolving references in them."""
    return cast(list[str], OmegaConf.to_container(overrides, resolve=False))


def normalise_overrides(overrides: list[str]) -> list[str]:
    """Return overrides in the form that Hydra requires, after those that suppress its output."""
    normalised = list(QUIET)
    for word in overrides:
        normalised.append(f"+{word}" if word.startswith(APPENDED) else word)
    return normalised
