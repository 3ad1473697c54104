"""A sweep as Hydra reads it: what is swept over, by which sweeper, on which launcher; nothing is run or written."""

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
from darnax.errors import Problem, RequestError, one_line
from darnax.sweeps import hydra_launcher
from darnax.sweeps.record import Point

GRID = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
SEARCHES = ("darnax.sweeps.search.Search", "darnax.sweeps.search.Search")  # the latter until 0.1.0
ELSEWHERE = "sets {key}, which belongs to the sweep and would have no effect in a point; give it for all points"


@dataclass
class Request:
    """What was asked for, as Hydra reads it.

    Args:
        composer: composes points.
        config: of Hydra, for the whole sweep.
        settings: of the launcher and the sweeper, as `chosen_settings` gives them.
        lanes: points that may share a program.
        asked: every override, those of the sweep's file first.
    """

    composer: Composer
    config: DictConfig
    settings: dict[str, Any]
    lanes: int
    asked: list[Override]

    @property
    def is_search(self) -> bool:
        """Tell a search from a grid."""
        return bool(self.config.hydra.sweeper._target_ in SEARCHES)

    @property
    def sweeper(self) -> Any:
        """The settings of the sweeper."""
        return OmegaConf.to_container(self.config.hydra.sweeper, resolve=True)

    def point(self, overrides: Sequence[str]) -> Point:
        """Compose one point; one that cannot be composed carries the reason."""
        return compose_point(
            self.composer,
            as_strings(self.config.hydra.overrides.hydra),
            list(overrides),
            self.require_same_hydra,
        )

    def require_same_hydra(self, config: DictConfig) -> None:
        """Raise RequestError where a file that not all points have chooses or sets a launcher or a sweeper."""
        hydra_settings.require_unchanged(config)
        here = chosen_settings(config)
        key = next(
            (
                key
                for key in dict.fromkeys([*here, *self.settings])
                if here.get(key) != self.settings.get(key)
            ),
            None,
        )
        if key is not None:
            raise RequestError(Problem("", ELSEWHERE.format(key=key)))


def compose_point(
    composer: Composer, hydra: list[str], overrides: list[str], check: Check = lambda config: None
) -> Point:
    """Compose one point; one that cannot be composed, or that `check` refuses, carries the reason."""
    try:
        composed = composer.compose_point(hydra, overrides, check)
    except RequestError as error:
        return Point(tuple(overrides), None, one_line(error))
    return Point(tuple(overrides), composed.resolved, composed=composed.to_container())


def chosen_settings(config: DictConfig) -> dict[str, Any]:
    """Return which launcher and sweeper are chosen, and what they are told."""
    found = {}
    for part in ("launcher", "sweeper"):
        found[f"hydra/{part}"] = config.hydra.runtime.choices.get(f"hydra/{part}")
        node: Any = OmegaConf.to_container(config.hydra[part], resolve=False)
        found |= {f"hydra.{part}.{key}": value for key, value in (node or {}).items()}
    return found


def read_request(composer: Composer, overrides: list[str]) -> Request:
    """Compose the whole of a sweep; a RequestError says what of it has no meaning, or cannot be done on this machine."""
    hydra_settings.require_effective(overrides, multirun=True, saved=composer.saved is not None)
    if several := [
        word for word in overrides if word.lstrip("+").startswith("sweep=") and "," in word
    ]:
        raise RequestError(Problem(several[0], "chooses several sweeps; start one after the other"))
    config = composer.compose(normalise_overrides(overrides), RunMode.MULTIRUN)
    hydra_settings.require_unchanged(config)
    for part in ("launcher", "sweeper"):
        if part == "launcher" or (config.hydra.sweeper or {}).get("_target_") not in SEARCHES:
            hydra_launcher.require_values(config, part)
    asked, told = swept_overrides(config, composer), chosen_settings(config)
    lanes = hydra_launcher.pop_lanes(config)
    require_known_sweeper(config)
    hydra_launcher.require_usable(config, composer)
    return Request(composer, config, told, lanes, asked)


def require_known_sweeper(config: DictConfig) -> None:
    """Raise RequestError where the sweeper is none of darnax's, or is told what has no effect."""
    sweeper = config.hydra.sweeper
    if sweeper._target_ not in (GRID, *SEARCHES):
        raise RequestError(
            Problem(
                "hydra/sweeper",
                f"got {sweeper._target_}, expected basic (all combinations) or optuna",
            )
        )
    idle = [
        key for key in sweeper if key not in ("_target_", "params") and sweeper[key] is not None
    ]
    if sweeper._target_ == GRID and idle:
        raise RequestError(
            Problem(f"hydra.sweeper.{idle[0]}", "has no effect on a grid; leave it out")
        )


def swept_overrides(config: DictConfig, composer: Composer) -> list[Override]:
    """Return what is swept over: what the configuration of the sweeper says, then the command line."""
    params: Any = OmegaConf.to_container(
        config.hydra.sweeper.get("params") or OmegaConf.create({}), resolve=False
    )
    lines = [
        *(f"{key}={value}" for key, value in params.items()),
        *as_strings(config.hydra.overrides.task),
    ]
    return [parse_override(line, composer) for line in lines]


def parse_override(line: str, composer: Composer) -> Override:
    """Read one override by Hydra's grammar, which takes a range among other values, and can then do nothing with it."""
    try:
        override = OverridesParser.create(config_loader=composer).parse_overrides([line])[0]
    except HydraException as error:
        raise RequestError(explanations.explain_composition(line, error, [])) from error
    value: Any = override.value()
    if isinstance(value, ChoiceSweep) and any(isinstance(each, Sweep) for each in value.list):
        raise RequestError(
            Problem(
                line,
                "has range(…), interval(…) or choice(…) among other values; write every value, or one of these",
            )
        )
    return override
