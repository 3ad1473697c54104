"""A sweep as Hydra sees it: its sweeper, or a search, makes points of the overrides, and its launcher says where they run."""

import re
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from darnax.cli import explain
from darnax.cli.hydra_adapter import Composer, spelled, words
from darnax.cli.sweep_batches import Batches, Begin
from darnax.cli.sweep_lanes import together
from darnax.errors import Problem, RequestError
from darnax.runner.run_folder import NAME

Task = Callable[[list[str]], None]
SEARCH = "darnax.cli.search.Search"
INSTALL = 'pip install "darnax[{}]"'
ENDLESS = "an interval has no end of values; let Optuna choose with hydra/sweeper=optuna, or write range(…) or choice(…)"


def sweep(overrides: list[str], file: Path | None, folder: Path, trusted: Collection[str], begin: Begin, task: Task) -> None:
    """Run a sweep whose files go to `folder`.

    `begin(all points so far, whether they run in this process, what they are compared by)` says which of them are left to do,
    and `task(overrides of a point)` does one of these where Hydra's launcher wants it.
    """
    composer = Composer(file, trusted)
    quoted = str(folder).replace("'", r"\'")
    place = [f"hydra.sweep.dir='{quoted}'", "hydra.sweep.subdir='.'"]
    config = composer.compose([*spelled(overrides), *place], RunMode.MULTIRUN)
    require_plugins_alone(config)
    asked = arguments(config, composer)
    lanes = taken(config)
    context = HydraContext(config_loader=composer, callbacks=Callbacks())
    parts: Any = {"hydra_context": context, "task_function": partial(named, task), "config": config}
    with installed("launcher", config):
        launcher = Plugins.instance().instantiate_launcher(**parts)
    batches = Batches(launcher, composer, config, begin, partial(together, folder, lanes))
    if config.hydra.sweeper._target_ == SEARCH:
        search(OmegaConf.to_container(config.hydra.sweeper, resolve=True), asked, batches, folder)
        return
    if endless := [Problem(str(o.input_line), ENDLESS) for o in asked if o.is_sweep_override() and not o.is_discrete_sweep()]:
        raise RequestError(*endless)
    with installed("sweeper", config):
        sweeper: Any = Plugins.instance().instantiate_sweeper(**parts)
    sweeper.max_batch_size = None  # one batch, so that all points are known before the first one starts
    sweeper.launcher = batches
    try:
        sweeper.sweep(arguments=words(config.hydra.overrides.task))
    finally:
        (folder / "multirun.yaml").unlink(missing_ok=True)


def require_plugins_alone(config: DictConfig) -> None:
    """Raise RequestError where a launcher or a sweeper is given objects to make: Hydra would make whatever they name.

    A search is no plugin of Hydra's: it reads what it is given, and makes nothing but what is Optuna's.
    """
    for part in ("launcher", "sweeper"):
        if config.hydra[part] is None:
            raise RequestError(Problem(f"hydra.{part}", "is null; leave it out, and the usual one is taken"))
        if config.hydra[part]._target_ == SEARCH:
            continue
        inside = explain.walk(OmegaConf.to_container(config.hydra[part]), "")
        if made := [name for name in inside if name.endswith("._target_")]:
            raise RequestError(Problem(f"hydra: {made[0]}", "a launcher or sweeper takes values, and no `_target_` inside"))


def taken(config: DictConfig) -> int:
    """Take `lanes`, which no launcher of Hydra's knows, out of the launcher's settings."""
    if "lanes" not in config.hydra.launcher:
        return 1
    with open_dict(config):
        lanes = config.hydra.launcher.pop("lanes")
    if not isinstance(lanes, int) or lanes < 1:
        raise RequestError(Problem("hydra.launcher.lanes", f"came {lanes}, expected a number of points from 1"))
    return lanes


def arguments(config: DictConfig, composer: Composer) -> list[Override]:
    """Return what is swept over: what the configuration of the sweeper says, then the command line."""
    params: Any = OmegaConf.to_container(config.hydra.sweeper.get("params") or OmegaConf.create({}), resolve=False)
    lines = [*(f"{key}={value}" for key, value in params.items()), *words(config.hydra.overrides.task)]
    return [understood(line, composer) for line in lines]


def understood(line: str, composer: Composer) -> Override:
    """Read one override by Hydra's grammar."""
    try:
        return OverridesParser.create(config_loader=composer).parse_overrides([line])[0]
    except HydraException as error:
        raise RequestError(explain.composition(line, error, [])) from error


def search(settings: Any, asked: Sequence[Override], batches: Batches, folder: Path) -> None:
    """Let Optuna choose the points."""
    try:
        from darnax.cli.search import Search
        from darnax.cli.search_space import Space
    except ModuleNotFoundError as error:
        raise RequestError(
            Problem("hydra/sweeper=optuna", f"needs Optuna, which is not installed; {INSTALL.format('sweeps')}")
        ) from error
    Search(settings, Space.of(asked), batches, folder).carry_out()


@contextmanager
def installed(kind: str, config: DictConfig) -> Iterator[None]:
    """Say what to install when a plugin is not there."""
    try:
        yield
    except (ImportError, RuntimeError) as error:
        name = config.hydra.runtime.choices.get(f"hydra/{kind}")
        what = f"{config.hydra[kind]._target_} is not installed; {INSTALL.format('ray' if name == 'ray' else 'sweeps')}"
        raise RequestError(Problem(f"hydra/{kind}={name}", what)) from error


def named(task: Task, config: DictConfig) -> None:
    """Call the task of a launcher's job with the overrides that name its point."""
    del config
    task(words(HydraConfig.get().overrides.task))


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
