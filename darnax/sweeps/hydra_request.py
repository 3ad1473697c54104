"""A sweep as Hydra reads it: swept keys, sweeper and launcher; nothing is run or written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, Sweep
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from darnax.composing import explanations, hydra_settings
from darnax.composing.composer import Check, Composer, as_strings, normalise_overrides
from darnax.composing.hydra_loader import GRID_SWEEPER
from darnax.errors import Problem, RequestError, one_line
from darnax.sweeps import hydra_launcher
from darnax.sweeps.point import Point

# The class of a search, and its name in 0.1.0, which configurations of users may hold.
SEARCHES = ("darnax.sweeps.search.Search", "darnax.cli.search.Search")
ELSEWHERE = (
    "sets {key}, which belongs to the sweep and would have no effect in a point; "
    "give it for all points"
)


@dataclass
class Request:
    """A requested sweep, as Hydra reads it.

    Args:
        composer: composes points.
        config: Hydra's configuration of the whole sweep.
        settings: of the launcher and the sweeper, as `chosen_settings` returns them.
        lanes: number of points that may share a program.
        asked: every override, those of the sweep's file first.
    """

    composer: Composer
    config: DictConfig
    settings: dict[str, Any]
    lanes: int
    asked: list[Override]

    @property
    def is_search(self) -> bool:
        """Whether this is a search; otherwise it is a grid."""
        return bool(self.config.hydra.sweeper._target_ in SEARCHES)

    @property
    def sweeper(self) -> Any:
        """The settings of the sweeper."""
        return OmegaConf.to_container(self.config.hydra.sweeper, resolve=True)

    def point(self, overrides: Sequence[str]) -> Point:
        """Compose one point; one that cannot be composed carries the reason."""
        hydra = as_strings(self.config.hydra.overrides.hydra)
        return compose_point(self.composer, hydra, list(overrides), self.require_same_hydra)

    def require_same_hydra(self, config: DictConfig) -> None:
        """Raise RequestError if a file of some points alone sets the launcher or the sweeper."""
        hydra_settings.require_unchanged(config)
        here = chosen_settings(config)
        for key in dict.fromkeys([*here, *self.settings]):
            if here.get(key) != self.settings.get(key):
                raise RequestError(Problem("", ELSEWHERE.format(key=key)))


def compose_point(
    composer: Composer, hydra: list[str], overrides: list[str], check: Check = lambda config: None
) -> Point:
    """Compose one point; one that cannot be composed, or fails `check`, carries the reason."""
    try:
        composed = composer.compose_point(hydra, overrides, check)
    except RequestError as error:
        return Point(tuple(overrides), None, one_line(error))
    return Point(tuple(overrides), composed.resolved, composed=composed.to_container())


def chosen_settings(config: DictConfig) -> dict[str, Any]:
    """Return the chosen launcher and sweeper, and their settings."""
    found = {}
    for part in ("launcher", "sweeper"):
        found[f"hydra/{part}"] = config.hydra.runtime.choices.get(f"hydra/{part}")
        node: Any = OmegaConf.to_container(config.hydra[part], resolve=False)
        found |= {f"hydra.{part}.{key}": value for key, value in (node or {}).items()}
    return found


def read_request(composer: Composer, overrides: list[str]) -> Request:
    """Compose a whole sweep.

    Raises:
        RequestError: a part of it has no meaning, or is impossible on this machine.
    """
    hydra_settings.require_effective(overrides, multirun=True, saved=composer.saved is not None)
    for override in overrides:
        if override.lstrip("+").startswith("sweep=") and "," in override:
            what = "chooses several sweeps; start one after the other"
            raise RequestError(Problem(override, what))
    config = composer.compose(normalise_overrides(overrides), RunMode.MULTIRUN)
    hydra_settings.require_unchanged(config)
    hydra_launcher.require_values(config, "launcher")
    # The settings of a search contain a sampler and a pruner: search_parts checks them.
    if (config.hydra.sweeper or {}).get("_target_") not in SEARCHES:
        hydra_launcher.require_values(config, "sweeper")
    asked, settings = swept_overrides(config, composer), chosen_settings(config)
    lanes = hydra_launcher.pop_lanes(config)
    require_known_sweeper(config)
    hydra_launcher.require_usable(config, composer)
    return Request(composer, config, settings, lanes, asked)


def require_known_sweeper(config: DictConfig) -> None:
    """Raise RequestError if the sweeper is not one of darnax's, or a setting has no effect."""
    sweeper = config.hydra.sweeper
    if sweeper._target_ not in (GRID_SWEEPER, *SEARCHES):
        what = f"got {sweeper._target_}, expected basic (all combinations) or optuna"
        raise RequestError(Problem("hydra/sweeper", what))
    given = [key for key in sweeper if sweeper[key] is not None]
    idle = [key for key in given if key not in ("_target_", "params")]
    if sweeper._target_ == GRID_SWEEPER and idle:
        what = "has no effect on a grid; leave it out"
        raise RequestError(Problem(f"hydra.sweeper.{idle[0]}", what))


def swept_overrides(config: DictConfig, composer: Composer) -> list[Override]:
    """Return the swept overrides: those of the sweeper's configuration, then the command line's."""
    params = config.hydra.sweeper.get("params") or OmegaConf.create({})
    from_file: Any = OmegaConf.to_container(params, resolve=False)
    lines = [f"{key}={value}" for key, value in from_file.items()]
    lines += as_strings(config.hydra.overrides.task)
    return [parse_override(line, composer) for line in lines]


def parse_override(line: str, composer: Composer) -> Override:
    """Parse one override; Hydra's grammar accepts a range among other values, but cannot use it."""
    try:
        override = OverridesParser.create(config_loader=composer).parse_overrides([line])[0]
    except HydraException as error:
        raise RequestError(explanations.explain_composition(line, error, [])) from error
    value: Any = override.value()
    if isinstance(value, ChoiceSweep) and any(isinstance(each, Sweep) for each in value.list):
        what = "has range(…), interval(…) or choice(…) among other values; "
        raise RequestError(Problem(line, f"{what}write every value, or one of these"))
    return override
