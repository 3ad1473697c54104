"""Everything of Hydra's private interface that darnax uses: here, and nowhere else.

Hydra's public `compose` keeps its search path in a global object, and reads and merges every file
again for each composition, which takes most of the time of a sweep over values. Its launchers are
plugins with a public interface, but the context that they are given has private classes. These are
used, as they are in Hydra 1.3.8 and in the pre-releases of 1.4 (`scripts/hydra_versions.py` runs
the tests of composing with the newest of each):

- `ConfigLoaderImpl` and two of its methods, which `CachingLoader` overrides to read files once;
- `CachingConfigRepository` and `create_config_search_path`, which its constructor needs;
- `Callbacks`, a field of the context of a launcher;
- the name of the sweeper of grids, with which Hydra's own is recognised.
"""

from collections.abc import Sequence
from copy import deepcopy
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
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobRuntime, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig

GRID_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


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
        self.files: dict[tuple[str, ...], CachingConfigRepository] = {}
        self.merged: dict[tuple[Any, ...], DictConfig] = {}

    def _parse_overrides_and_create_caching_repo(
        self, config_name: str | None, overrides: list[str], *parsed: Any
    ) -> tuple[list[Override], CachingConfigRepository]:
        """Read every file once for all compositions, in each search path."""
        words = OverridesParser.create().parse_overrides(overrides)
        path = tuple(str(o.input_line) for o in words if o.get_key_element() == "hydra.searchpath")
        if path not in self.files:
            _, self.files[path] = super()._parse_overrides_and_create_caching_repo(
                config_name, list(path)
            )
        return words, self.files[path]

    def _compose_config_from_defaults_list(
        self, defaults: list[ResultDefault], repo: IConfigRepository
    ) -> DictConfig:
        """Merge the same files once: points of a sweep differ in values, which are set later."""
        key = (id(repo), *((default.config_path, default.package) for default in defaults))
        if key not in self.merged:
            try:
                self.merged[key] = super()._compose_config_from_defaults_list(defaults, repo)
            finally:
                cast(CachingConfigRepository, repo).cache.clear()  # merging changes what was read
        return deepcopy(self.merged[key])

    def launcher_context(self) -> HydraContext:
        """Return the context that a launcher of Hydra's is set up with."""
        return HydraContext(config_loader=self, callbacks=Callbacks())
