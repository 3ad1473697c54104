"""Overrides in, plain resolved dictionaries out: Hydra composes; it configures no logging and never changes the directory."""

import warnings
from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, IConfigRepository
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.default_element import ResultDefault
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobRuntime, setup_globals
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from darnax.composing import (
    config_folders,
    explanations,
    hydra_settings,
    saved_configuration,
    secrets,
    trust,
)
from darnax.composing.composition import Composed, keep_references
from darnax.composing.derivations import derivations
from darnax.errors import Problem, RequestError
from darnax.reports.configuration import COMPUTED

Adapt = Callable[[Mapping[str, Any]], Mapping[str, Any]]
Check = Callable[[DictConfig], None]
QUIET = [
    "hydra.output_subdir=null",
    "hydra.job.chdir=false",
    "hydra/job_logging=none",
    "hydra/hydra_logging=none",
]
PRIMARY = "config"
APPENDED = (
    "experiment=",
    "debug=",
    "sweep=",
)  # groups outside the defaults list: Hydra wants +experiment=…


class Composer(ConfigLoaderImpl):
    """Hydra's loader over ./configs and the packaged configurations.

    With a `file` that is a whole configuration, as a run saves it, nothing is read but that: overrides change its values,
    and the packaged files give the launcher and the sweeper of a sweep alone. `adapt` gives the
    values of the file that are others on this machine, by their keys; overrides come after them.
    """

    def __init__(
        self,
        file: Path | None = None,
        trusted: Collection[str] = (),
        *,
        adapt: Adapt | None = None,
    ) -> None:
        version.setbase("1.3")
        setup_globals()
        JobRuntime.instance().set("name", "darnax")
        directories = (
            config_folders.config_folders() if file is None else [config_folders.packaged_folder()]
        )
        path = create_config_search_path(f"file://{directories[0]}")
        for directory in directories[1:]:
            path.append("main", f"file://{directory}", anchor=SearchPathQuery("main"))
        super().__init__(path)
        self.trusted = trusted
        self.saved = None if file is None else saved_configuration.read_saved(file)
        self.here = adapt(self.saved.resolved) if adapt and self.saved else {}
        self.files: dict[tuple[str, ...], CachingConfigRepository] = {}
        self.merged: dict[tuple[Any, ...], DictConfig] = {}

    def _parse_overrides_and_create_caching_repo(
        self, config_name: str | None, overrides: list[str]
    ) -> tuple[list[Override], CachingConfigRepository]:
        """Read every file once for all compositions, in each search path."""
        parsed = OverridesParser.create().parse_overrides(overrides)
        path = tuple(str(o.input_line) for o in parsed if o.get_key_element() == "hydra.searchpath")
        if path not in self.files:
            _, self.files[path] = super()._parse_overrides_and_create_caching_repo(
                config_name, list(path)
            )
        return parsed, self.files[path]

    def _compose_config_from_defaults_list(
        self, defaults: list[ResultDefault], repo: IConfigRepository
    ) -> DictConfig:
        """Merge the same files once: points of a sweep differ by values, which are set afterwards."""
        key = (id(repo), *((default.config_path, default.package) for default in defaults))
        if key not in self.merged:
            try:
                self.merged[key] = super()._compose_config_from_defaults_list(defaults, repo)
            finally:
                cast(CachingConfigRepository, repo).cache.clear()  # merging changes what was read
        return deepcopy(self.merged[key])

    def compose(self, overrides: list[str], mode: RunMode = RunMode.RUN) -> DictConfig:
        """Compose, with Hydra's own node and open interpolations; RequestError names every bad override."""
        if self.saved is not None:
            return self.compose_around_saved(self.saved, overrides, mode)
        try:
            return self.compose_once(overrides, mode)
        except Exception as error:
            raise RequestError(*self.problems(overrides, mode)) from error

    def change(self, before: Composed, words: list[str], *, fresh: bool = True) -> Composed:
        """Return a saved configuration on this machine, after overrides."""
        return saved_configuration.apply_overrides(
            before, words, self.is_group, fresh=fresh, here=self.here
        )

    def compose_around_saved(
        self, configuration: Composed, overrides: list[str], mode: RunMode
    ) -> DictConfig:
        """Put Hydra's node, as the packaged files and the overrides make it, around a saved configuration, for a sweep."""
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

    def compose_once(self, overrides: list[str], mode: RunMode) -> DictConfig:
        """Compose once, with Hydra's own exceptions."""
        with warnings.catch_warnings():
            # A launcher's file has the name of its plugin's schema, and is meant to be checked by it.
            warnings.filterwarnings(
                "ignore", message=r"\s*'hydra/launcher/\w+' is validated against ConfigStore schema"
            )
            return self.load_configuration(PRIMARY, overrides, mode, from_shell=False)

    def problems(self, overrides: list[str], mode: RunMode = RunMode.RUN) -> list[Problem]:
        """Try the overrides one after the other, choices of files first, and explain each one that does not fit."""
        try:
            config = self.compose_once([], mode)
        except Exception as error:
            return [explanations.explain_composition("", error, [])]
        good: list[str] = []
        found: list[Problem] = []
        for override in sorted(overrides, key=self.sets_a_value):
            try:
                config = self.compose_once([*good, override], mode)
                good.append(override)
            except Exception as error:
                found.append(
                    explanations.explain_composition(override, error, explanations.names(config))
                )
        return found

    def sets_a_value(self, override: str) -> bool:
        """Tell a value from an override that chooses a file of a group (`model=chain`)."""
        return not self.is_group(override.lstrip("+~").partition("=")[0])

    def is_group(self, key: str) -> bool:
        """Return whether a key is a folder of configurations."""
        return self.repository.group_exists(key)

    def run(self, overrides: list[str]) -> dict[str, Any]:
        """Compose the configuration of one run into plain, resolved containers."""
        return self.run_composed(overrides).resolved

    def run_composed(self, overrides: list[str]) -> Composed:
        """Compose the configuration of one run, with what its values were composed from."""
        hydra_settings.require_effective(overrides, multirun=False, saved=self.saved is not None)
        if self.saved is None:
            config = self.compose(normalise_overrides(overrides))
            if config.hydra.mode == RunMode.MULTIRUN or (config.hydra.sweeper or {}).get("params"):
                raise RequestError(
                    Problem("hydra.sweeper", "this configuration is a sweep; start it with -m")
                )
            hydra_settings.require_unchanged(config)
            return self.to_plain(config)
        return self.require_admissible(self.change(self.saved, overrides))

    def compose_point(
        self, hydra: list[str], overrides: list[str], check: Check = lambda config: None
    ) -> Composed:
        """Compose one point of a sweep; a RequestError says why it cannot be composed, or why `check` refuses it."""
        if self.saved is not None:
            return self.require_admissible(self.change(self.saved, overrides))
        config = self.compose([*hydra, *overrides])
        check(config)
        return self.to_plain(config)

    def to_plain(self, config: DictConfig) -> Composed:
        """Return what Hydra has composed as plain values, without Hydra's node."""
        HydraConfig.instance().set_config(config)
        config = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
        if taken_for_truth := explanations.find_keys_read_as_booleans(config):
            raise RequestError(*taken_for_truth)
        raw = cast(dict[str, Any], OmegaConf.to_container(config, resolve=False))
        try:
            resolved = cast(
                dict[str, Any], OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
            )
        except OmegaConfBaseException as error:
            raise RequestError(*explanations.explain_unresolved(config)) from error
        return self.require_admissible(keep_references(raw, resolved))

    def require_admissible(self, composed: Composed) -> Composed:
        """Return a configuration that refers to nothing, shows no secret, and trusts nobody whom the command line does not."""
        left = [
            Problem(name, f"got {text}, which still refers to something")
            for name, text in trust.text_leaves(composed.resolved)
            if "${" in text
        ]
        whole = composed.resolved | {COMPUTED: derivations(composed.to_container())}
        if problems := [*left, *secrets.find_exposed(whole)]:
            raise RequestError(*problems)
        trust.require_granted(composed.resolved, self.trusted)
        return composed

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """Hand a launcher the names of a point alone: what the point does was composed, and recorded, before."""
        config = deepcopy(master_config)
        with open_dict(config):
            config.hydra.overrides.task = list(sweep_overrides)
        return config


def compose(overrides: list[str], file: Path | None = None) -> dict[str, Any]:
    """Compose one configuration into plain, resolved containers.

    Example:
        >>> compose(["seed=3"])["seed"]
        3
    """
    return Composer(file, trust.trusted_packages(overrides)).run(overrides)


def default_value(name: str) -> Any:
    """Return one value of the default configuration, whatever the rest of it still lacks."""
    return OmegaConf.select(Composer().compose([]), name, throw_on_missing=True)


def as_strings(overrides: Any) -> list[str]:
    """Return overrides as they were typed: what they refer to is not looked up."""
    return cast(list[str], OmegaConf.to_container(overrides, resolve=False))


def normalise_overrides(overrides: list[str]) -> list[str]:
    """Spell the overrides as Hydra wants them, after the ones that keep it quiet."""
    return [*QUIET, *("+" + o if o.startswith(APPENDED) else o for o in overrides)]
