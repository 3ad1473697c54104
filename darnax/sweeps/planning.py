"""What a new sweep will do: everything that can be refused is refused here, before a folder exists."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import OmegaConf

from darnax.composing.composer import Composer
from darnax.errors import Problem, RequestError
from darnax.files import expand_user
from darnax.laboratory.display import DataProgress, no_progress
from darnax.runner.run_folder import NAME
from darnax.sweeps import checks, data_checks, hydra_launcher, hydra_request
from darnax.sweeps.grid import grid
from darnax.sweeps.hydra_request import Request
from darnax.sweeps.names import names
from darnax.sweeps.record import Point, Record

if TYPE_CHECKING:
    from darnax.sweeps.search import Search

INSTALL = 'pip install "darnax[sweeps]"'


@dataclass
class Plan:
    """What is to be done.

    Args:
        request: as Hydra reads it.
        points: of a grid; of a search, those that were looked at.
        search: draws the points; None: they are those of the grid.
    """

    request: Request
    points: list[Point]
    search: "Search | None" = None


def plan(composer: Composer, overrides: list[str]) -> Plan:
    """Return what a new sweep will do, its points composed and built."""
    request = hydra_request.read_request(composer, overrides)
    here = hydra_launcher.is_here(request.config)
    if not request.is_search:
        unique: dict[str, Point] = {}
        points = [request.point(each) for each in grid(request.asked)]
        checks.require_telling(points)
        for point in points:
            unique.setdefault(point.identity, point)
        return Plan(request, checks.check_points(list(unique.values()), here=here))
    search = new_search(request)
    points = search.trial_points()
    checks.require_telling(points)
    return Plan(request, checks.check_points(points, here=here), search)


def new_search(request: Request) -> "Search":
    """Return the search that is asked for; a RequestError says what to install, or what is wrong."""
    try:
        from darnax.sweeps.search import Search
    except ModuleNotFoundError as error:
        raise RequestError(
            Problem("hydra/sweeper=optuna", f"needs Optuna, which is not installed; {INSTALL}")
        ) from error
    return Search.of(request.sweeper, request.asked, request.point)


def require_sound(
    plan: Plan, overrides: list[str], *, prepares: bool = True, progress: DataProgress = no_progress
) -> list[str]:
    """Raise RequestError where a point is refused, or a search has a goal that no run comes to.

    With `prepares` a set that is not there is prepared now, once nothing else is wrong with any
    point; otherwise one of the lines that are returned says that this is still to be done.
    """
    require_unrefused(plan, overrides)
    elsewhere = not hydra_launcher.is_on_this_machine(plan.request.config)
    outlines = data_checks.Outlines(prepares=False, elsewhere=elsewhere, progress=progress)
    plan.points = data_checks.examine_data(plan.points, outlines)
    require_unrefused(plan, overrides)
    if plan.search is not None:
        from darnax.sweeps import logged_metrics

        for point in plan.points:
            plan.search.fit(point)
        experiment = checks.check_point(plan.points[0].config or {}, here=False)
        settings = plan.search.settings
        logged_metrics.require_logged(settings.metric, experiment)
        logged_metrics.require_direction(settings.metric, settings.direction, experiment)
    if outlines.later and prepares:
        outlines = outlines.preparing()
        plan.points = data_checks.examine_data(plan.points, outlines)
        require_unrefused(plan, overrides)
    return list(data_checks.notes(outlines))


def require_unrefused(plan: Plan, overrides: list[str]) -> None:
    """Raise RequestError where a point is refused."""
    if problems := checks.refusals(plan.points, point_names(plan, overrides)):
        raise RequestError(*problems)


def point_names(plan: Plan, overrides: list[str]) -> dict[tuple[str, ...], str]:
    """Name the points."""
    return names(Record(Path(), overrides, None, Path(), [], plan.points))


def new_folder(plan: Plan) -> Path:
    """Find a new name under the outputs for the runs of a sweep."""
    config = plan.request.config
    outputs, name = (
        OmegaConf.select(config, key, throw_on_missing=True) for key in ("paths.outputs", "name")
    )
    if not isinstance(name, str) or not re.match(NAME, name) or not isinstance(outputs, str):
        raise RequestError(
            Problem(
                "name",
                f"got {name!r}, expected a name for a folder in paths.outputs; that is {outputs!r}",
            )
        )
    time = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    return expand_user(outputs).absolute() / name / "sweeps" / f"{time}-{secrets.token_hex(2)}"
