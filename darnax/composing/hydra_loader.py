"""Everything of Hydra's private interface that darnax uses: here, and nowhere else.

Hydra's public `compose` keeps its search path in a global object, and reads and merges every file
again for each composition, which takes most of the time of a sweep over values. Its launchers are
plugins with a public interface, but the context that they are given has private classes. These are
used, as they are in Hydra 1.3.8 and in the pre-releases of 1.4 (`scripts/hydra_versions.py` runs
the tests of composing with the newest of each):

- `ConfigLoaderImpl` and two of its methods, which `CachingLoader` overrides to read files once;
- `CachingConfigRepository` and `create_config_search_path`, which its constructor needs;
- `Callbacks`, a field of the context of a launcher;
- `Override._convert_value`, which makes a plain value of an element of a sweep;
- the name of the sweeper of grids, with which Hydra's own is recognised.
"""

from collections.abc import Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import hydra
from hydra import version
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, IConfigRepository
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override
from hydra.core.utils import JobRuntime, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig

GRID_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


@dataclass
class FilesRead:
    """The configuration files that were read and merged so far.

    Args:
        repositories: of the files, by the additional search path of `hydra.searchpath`.
        merged: configurations before values are set, by the files they consist of.
    """

    repositories: dict[tuple[str, ...], CachingConfigRepository] = field(default_factory=dict)
    merged: dict[tuple[Any, ...], DictConfig] = field(default_factory=dict)


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

    def launcher_context(self) -> HydraContext:
        """Return the context that a launcher of Hydra's is set up with."""
        return HydraContext(config_loader=self, callbacks=Callbacks())


def parsed_value(override: Override) -> Any:
    """Return the value of an override, of a choice the list of its values."""
    value = override.value()
    if isinstance(value, ChoiceSweep):
        return [Override._convert_value(element) for element in value.list]
    return value
