"""The only file that drives Hydra: overrides in, plain resolved dictionaries out.

Hydra composes and splits sweeps; it configures no logging, leaves no folder and never changes the directory.
"""

import re
import secrets
from collections.abc import Callable, Collection, Sequence
from copy import deepcopy
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

from hydra import version
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobRuntime, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from darnax.cli import configs, explain, hidden, trust
from darnax.cli.panels import one_line
from darnax.cli.sweep_record import Point
from darnax.errors import Problem, RequestError
from darnax.runner.run_folder import NAME

Begin = Callable[[list[Point], bool], list[Point]]
Task = Callable[[list[str]], None]
QUIET = ["hydra.output_subdir=null", "hydra.job.chdir=false", "hydra/job_logging=none", "hydra/hydra_logging=none"]
APPENDED = ("experiment=", "debug=", "sweep=")  # groups outside the defaults list: Hydra wants +experiment=…


class Composer(ConfigLoaderImpl):
    """Hydra's loader over ./configs and the packaged configurations, or over one `file` that is a whole configuration."""

    def __init__(self, file: Path | None = None, trusted: Collection[str] = ()) -> None:
        version.setbase("1.3")
        setup_globals()
        JobRuntime.instance().set("name", "darnax")
        if file is not None and (file.suffix != ".yaml" or not file.is_file()):
            raise RequestError(Problem(str(file), "is no .yaml file; give the config.yaml of a run folder"))
        if file is not None:
            trust.require_plain(file)
        directories = configs.directories() if file is None else [file.absolute().parent, *configs.directories()]
        path = create_config_search_path(f"file://{directories[0]}")
        for directory in directories[1:]:
            path.append("main", f"file://{directory}", anchor=SearchPathQuery("main"))
        super().__init__(path)
        self.primary = "config" if file is None else file.stem
        self.trusted = trusted

    def compose(self, overrides: list[str], mode: RunMode = RunMode.RUN) -> DictConfig:
        """Compose, with Hydra's own node and open interpolations; RequestError names every bad override."""
        try:
            return self.attempt(overrides, mode)
        except Exception as error:
            raise RequestError(*self.problems(overrides, mode)) from error

    def attempt(self, overrides: list[str], mode: RunMode) -> DictConfig:
        """Compose once, with Hydra's own exceptions."""
        return self.load_configuration(self.primary, overrides, mode, from_shell=False)

    def problems(self, overrides: list[str], mode: RunMode = RunMode.RUN) -> list[Problem]:
        """Try the overrides one after the other, choices of files first, and explain each one that does not fit."""
        try:
            config = self.attempt([], mode)
        except Exception as error:
            return [explain.composition("", error, [])]
        good: list[str] = []
        found: list[Problem] = []
        for override in sorted(overrides, key=self.sets_a_value):
            try:
                config = self.attempt([*good, override], mode)
                good.append(override)
            except Exception as error:
                found.append(explain.composition(override, error, explain.names(config)))
        return found

    def sets_a_value(self, override: str) -> bool:
        """Tell a value from an override that chooses a file of a group (`model=chain`)."""
        return not self.repository.group_exists(override.lstrip("+~").partition("=")[0])

    def point(self, hydra: list[str], overrides: list[str]) -> Point:
        """Compose one point of a sweep; one that cannot be composed carries the reason."""
        try:
            config = self.compose([*hydra, *overrides])
            HydraConfig.instance().set_config(config)
            return Point(tuple(overrides), plain(config, self.trusted))
        except RequestError as error:
            return Point(tuple(overrides), None, one_line(error))

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """Hand a launcher the names of a point alone: what the point does was composed, and recorded, before."""
        config = deepcopy(master_config)
        with open_dict(config):
            config.hydra.overrides.task = list(sweep_overrides)
        return config


class Batches:
    """Stands where Hydra's sweeper expects a launcher: every batch is composed and recorded before a point of it starts."""

    def __init__(self, launcher: Launcher, composer: Composer, config: DictConfig, begin: Begin) -> None:
        self.launcher, self.composer, self.begin = launcher, composer, begin
        self.hydra = words(config.hydra.overrides.hydra)
        self.here = config.hydra.launcher._target_.endswith(".BasicLauncher")  # Hydra loads the class anew: isinstance fails

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run what `begin` leaves of a batch."""
        points = [self.composer.point(self.hydra, list(overrides)) for overrides in job_overrides]
        if left := self.begin(points, self.here):
            return self.launcher.launch([list(point.overrides) for point in left], initial_job_idx)
        return []


def compose(overrides: list[str], file: Path | None = None) -> dict[str, Any]:
    """Compose one configuration into plain, resolved containers.

    Example:
        >>> compose(["seed=3"])["seed"]
        3
    """
    trusted = trust.granted(overrides)
    config = Composer(file, trusted).compose(spelled(overrides))
    if config.hydra.mode == RunMode.MULTIRUN or (config.hydra.sweeper or {}).get("params"):
        raise RequestError(Problem("hydra.sweeper", "this configuration is a sweep; start it with -m"))
    HydraConfig.instance().set_config(config)
    return plain(config, trusted)


def value(name: str) -> Any:
    """Return one value of the default configuration, whatever the rest of it still lacks."""
    return OmegaConf.select(Composer().compose([]), name, throw_on_missing=True)


def sweep(overrides: list[str], file: Path | None, folder: Path, trusted: Collection[str], begin: Begin, task: Task) -> None:
    """Run a sweep whose files go to `folder`.

    `begin(all points, whether they run in this process)` says which of them are left to do, and `task(overrides of a point)`
    does one of these where Hydra's launcher wants it.
    """
    composer = Composer(file, trusted)
    quoted = str(folder).replace("'", r"\'")
    place = [f"hydra.sweep.dir='{quoted}'", "hydra.sweep.subdir='.'"]
    config = composer.compose([*spelled(overrides), *place], RunMode.MULTIRUN)
    require_plugins_alone(config)
    context = HydraContext(config_loader=composer, callbacks=Callbacks())
    sweeper: Any = Plugins.instance().instantiate_sweeper(
        hydra_context=context, task_function=partial(named, task), config=config
    )
    sweeper.max_batch_size = None  # one batch, so that all points are known before the first one starts
    sweeper.launcher = Batches(sweeper.launcher, composer, config, begin)
    try:
        sweeper.sweep(arguments=words(config.hydra.overrides.task))
    finally:
        (folder / "multirun.yaml").unlink(missing_ok=True)


def require_plugins_alone(config: DictConfig) -> None:
    """Raise RequestError where a launcher or a sweeper is given objects to make: Hydra would make whatever they name."""
    for part in ("launcher", "sweeper"):
        if config.hydra[part] is None:
            raise RequestError(Problem(f"hydra.{part}", "is null; leave it out, and the usual one is taken"))
    inside = [name for part in ("launcher", "sweeper") for name in explain.walk(OmegaConf.to_container(config.hydra[part]), "")]
    if made := [name for name in inside if name.endswith("._target_")]:
        raise RequestError(Problem(f"hydra: {made[0]}", "a launcher or sweeper takes values, and no `_target_` inside"))


def named(task: Task, config: DictConfig) -> None:
    """Call the task of a launcher's job with the overrides that name its point."""
    del config
    task(words(HydraConfig.get().overrides.task))


def words(overrides: Any) -> list[str]:
    """Return overrides as they were typed: what they refer to is not looked up."""
    return cast(list[str], OmegaConf.to_container(overrides, resolve=False))


def spelled(overrides: list[str]) -> list[str]:
    """Spell the overrides as Hydra wants them, after the ones that keep it quiet."""
    return [*QUIET, *("+" + o if o.startswith(APPENDED) else o for o in overrides)]


def plain(config: DictConfig, trusted: Collection[str]) -> dict[str, Any]:
    """Make plain resolved containers without Hydra's node; RequestError names every value that cannot be, or must not be."""
    config = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    if taken_for_truth := explain.keys_taken_for_truth(config):
        raise RequestError(*taken_for_truth)
    try:
        resolved = cast(dict[str, Any], OmegaConf.to_container(config, resolve=True, throw_on_missing=True))
    except OmegaConfBaseException as error:
        raise RequestError(*explain.unresolved(config)) from error
    left = [
        Problem(name, f"came {text}, which still refers to something") for name, text in trust.leaves(resolved) if "${" in text
    ]
    if problems := [*left, *hidden.exposed(resolved)]:
        raise RequestError(*problems)
    trust.require_granted(resolved, trusted)
    return resolved


def sweep_folder(overrides: list[str], file: Path | None) -> Path:
    """Find a new name under the outputs for the runs of one sweep."""
    config = Composer(file).compose(spelled(overrides), RunMode.MULTIRUN)
    outputs, name = (OmegaConf.select(config, key, throw_on_missing=True) for key in ("paths.outputs", "name"))
    if not isinstance(name, str) or not re.match(NAME, name) or not isinstance(outputs, str):
        raise RequestError(
            Problem("name", f"came {name!r}, expected a name for a folder in paths.outputs; that came {outputs!r}")
        )
    time = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    return Path(outputs).expanduser().absolute() / name / "sweeps" / f"{time}-{secrets.token_hex(2)}"
