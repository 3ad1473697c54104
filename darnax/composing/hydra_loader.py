"""Everything of Hydra's private interface that darnax uses: here, and nowhere else.

Hydra's public `compose` keeps its search path in a global object, and reads and merges every file
again for each composition, which takes most of the time of a sweep over values. Its launchers are
plugins with a public interface, but the context that they are given has private classes. These are
used, as they are in Hydra 1.3.8 and in the pre-releases of 1.4 (`scripts/hydra_versions.py` runs
the tests of composing with the newest of each):

- `ConfigLoaderImpl` and two of its methods, which `CachingLoader` overrides to read files once, and
  a third, which sets values, with `get_overrides_dirname` of 1.3, which names a job by them;
- `CachingConfigRepository` and `create_config_search_path`, which its constructor needs;
- `Callbacks`, a field of the context of a launcher;
- `Override._convert_value`, which makes a plain value of an element of a sweep;
- the name of the sweeper of grids, with which Hydra's own is recognised.
"""

import warnings
from collections.abc import Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import hydra
from hydra import version
from hydra._internal import config_loader_impl
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, IConfigRepository
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override
from hydra.core.utils import JobRuntime, setup_globals
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, open_dict

PRIMARY = "config"
POINT = "overrides_of_point"  # the key under which a launcher's job finds its own overrides
GRID_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


@dataclass
class FilesRead:
    """The configuration files that were read and merged so far.

    Args:
        repositories: of the files, by the additional search path of `hydra.searchpath`.
        merged: configurations before values are set, by the files they consist of.
        chosen: the same with Hydra's node, by the mode and the overrides that choose the files.
    """

    repositories: dict[tuple[str, ...], CachingConfigRepository] = field(default_factory=dict)
    merged: dict[tuple[Any, ...], DictConfig] = field(default_factory=dict)
    chosen: dict[tuple[Any, ...], DictConfig] = field(default_factory=dict)


@lru_cache(maxsize=4)
def files_read(version_of_files: tuple[Any, ...]) -> FilesRead:
    """Return the record of files read that belongs to one version of them; empty at first."""
    del version_of_files
    return FilesRead()


def version_of_files(folders: Sequence[Path]) -> tuple[Any, ...]:
    """Return the paths, sizes and times of all files: they differ when one changes."""
    found: list[Any] = []
    for folder in folders:
        found.append(str(folder))
        for file in sorted(folder.rglob("*.yaml")):
            about = file.stat()
            found.append((str(file), about.st_size, about.st_mtime_ns))
    return tuple(found)


class CachingLoader(ConfigLoaderImpl):
    """Hydra's loader of configurations, which reads and merges the same files once.

    Args:
        folders: of configuration files; a file of an earlier one takes precedence.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        if hydra.__version__.startswith("1.3."):
            version.setbase("1.3")  # later versions have one behaviour, and warn
        setup_globals()
        JobRuntime.instance().set("name", "darnax")
        path = create_config_search_path(f"file://{folders[0]}")
        for folder in folders[1:]:
            path.append("main", f"file://{folder}", anchor=SearchPathQuery("main"))
        super().__init__(path)
        self.read = FilesRead()
        self.shared = files_read(version_of_files(folders))

    def _parse_overrides_and_create_caching_repo(
        self, config_name: str | None, overrides: list[str], *parsed: Any
    ) -> tuple[list[Override], CachingConfigRepository]:
        """Read every file once for all compositions, in each search path."""
        own = OverridesParser.create().parse_overrides(overrides)
        path = tuple(str(o.input_line) for o in own if o.get_key_element() == "hydra.searchpath")
        # Files on an additional search path may change, so that they are not shared.
        read = self.read if path else self.shared
        if path not in read.repositories:
            _, read.repositories[path] = super()._parse_overrides_and_create_caching_repo(
                config_name, list(path)
            )
        return own, read.repositories[path]

    def _compose_config_from_defaults_list(
        self, defaults: list[ResultDefault], repo: IConfigRepository
    ) -> DictConfig:
        """Merge the same files once: points of a sweep differ in values, which are set later."""
        read = self.shared if repo is self.shared.repositories.get(()) else self.read
        key = (id(repo), *((default.config_path, default.package) for default in defaults))
        if key not in read.merged:
            separate = copy(cast(CachingConfigRepository, repo))
            separate.cache = deepcopy(separate.cache)  # merging changes what was read
            read.merged[key] = super()._compose_config_from_defaults_list(defaults, separate)
        return deepcopy(read.merged[key])

    def compose_once(self, overrides: list[str], mode: RunMode) -> DictConfig:
        """Compose once, with Hydra's own exceptions."""
        with warnings.catch_warnings():
            # Of a config.yaml of the user's: the order is then as Hydra's documents say.
            warnings.filterwarnings("ignore", message=r"In '.*': Defaults list is missing `_self_`")
            # A launcher's file has the name of its plugin's schema, which has to validate it.
            warnings.filterwarnings(
                "ignore", message=r"\s*'hydra/launcher/\w+' is validated against ConfigStore schema"
            )
            return self.load_configuration(PRIMARY, overrides, mode, from_shell=False)

    def compose_point_once(self, overrides: list[str], mode: RunMode = RunMode.RUN) -> DictConfig:
        """Compose a point of a sweep, as `compose_once` does.

        Hydra's defaults lists are read once for all points that choose the same files.
        """
        parsed, repo = self._parse_overrides_and_create_caching_repo(PRIMARY, overrides)
        values = [override for override in parsed if sets_value(override, repo)]
        others = [str(override.input_line) for override in parsed if override not in values]
        key = (mode, *others)
        if key not in self.read.chosen:
            self.read.chosen[key] = self.compose_once(others, mode)
        config = deepcopy(self.read.chosen[key])
        self._apply_overrides_to_config(values, config)
        task = [override for override in parsed if not override.is_hydra_override()]
        config.hydra.overrides.task = [override.input_line for override in task]
        # In Hydra 1.4 the value refers to a resolver instead.
        if hasattr(config_loader_impl, "get_overrides_dirname"):
            form = config.hydra.job.config.override_dirname
            config.hydra.job.override_dirname = config_loader_impl.get_overrides_dirname(
                task, kv_sep=form.kv_sep, item_sep=form.item_sep, exclude_keys=form.exclude_keys
            )
        return config

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """Pass only the name of a point to a launcher: the point itself is composed already."""
        config = deepcopy(master_config)
        with open_dict(config):
            config.hydra.overrides.task = list(sweep_overrides)
            config[POINT] = list(sweep_overrides)
        return config

    def launcher_context(self) -> HydraContext:
        """Return the context that a launcher of Hydra's is set up with."""
        return HydraContext(config_loader=self, callbacks=Callbacks())


def sets_value(override: Override, files: IConfigRepository) -> bool:
    """Return whether an override sets a value outside of Hydra's node, and chooses no file."""
    if override.is_hydra_override() or override.is_sweep_override():
        return False
    return isinstance(override.value(), dict) or not files.group_exists(override.key_or_group)


def parsed_value(override: Override) -> Any:
    """Return the value of an override, of a choice the list of its values."""
    value = override.value()
    if isinstance(value, ChoiceSweep):
        return [Override._convert_value(element) for element in value.list]
    return value
