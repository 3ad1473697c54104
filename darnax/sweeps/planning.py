"""Plans a new sweep: whatever can be refused is refused here, before a folder exists."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import OmegaConf

from darnax.composing.composer import Composer
from darnax.errors import Problem, RequestError
from darnax.extras import install_command
from darnax.files import expand_user
from darnax.laboratory.display import DataProgress, no_progress
from darnax.laboratory.unused_optimizers import explain_unused
from darnax.runner.run_folder import EXPERIMENT_NAME
from darnax.sweeps import checks, data_checks, hydra_launcher, hydra_request
from darnax.sweeps.grid import list_grid
from darnax.sweeps.hydra_request import Request
from darnax.sweeps.names import name_points
from darnax.sweeps.point import Point
from darnax.sweeps.record import Record

if TYPE_CHECKING:
    from darnax.runner.experiment import Experiment
    from darnax.sweeps.search import Search


@dataclass
class SweepPlan:
    """What a sweep will run.

    Args:
        request: as Hydra reads it.
        points: all points of a grid; of a search, those that are checked before its start.
        search: draws the points; None for a grid.
    """

    request: Request
    points: list[Point]
    search: "Search | None" = None


def make_plan(composer: Composer, overrides: list[str]) -> SweepPlan:
    """Plan a new sweep: compose and build its points."""
    request = hydra_request.read_request(composer, overrides)
    here = hydra_launcher.is_here(request.config)
    search = new_search(request) if request.is_search else None
    if search is None:
        points = [request.point(each) for each in list_grid(request.asked)]
    else:
        points = search.trial_points()
    checks.require_distinct(points)
    if search is None:
        points = drop_duplicates(points)
    return SweepPlan(request, checks.check_points(points, here=here), search)


def drop_duplicates(points: Sequence[Point]) -> list[Point]:
    """Return the points, of several with the same identity the first one."""
    unique: dict[str, Point] = {}
    for point in points:
        unique.setdefault(point.identity, point)
    return list(unique.values())


def new_search(request: Request) -> "Search":
    """Return the requested search; raise RequestError if it is invalid or Optuna is missing."""
    try:
        from darnax.sweeps.search import Search
    except ModuleNotFoundError as error:
        what = f"needs Optuna, which is not installed; {install_command('sweeps')}"
        raise RequestError(Problem("hydra/sweeper=optuna", what)) from error
    return Search.of(request.sweeper, request.asked, request.point)


def require_sound(
    plan: SweepPlan,
    overrides: list[str],
    *,
    prepares: bool = True,
    progress: DataProgress = no_progress,
) -> list[str]:
    """Raise RequestError if a point is refused, or no run logs the metric of a search.

    With `prepares`, a missing dataset is prepared here, once nothing else is wrong with any point;
    otherwise one of the returned lines reports that it is still to be prepared.
    """
    require_unrefused(plan, overrides)
    elsewhere = not hydra_launcher.is_on_this_machine(plan.request.config)
    outlines = data_checks.Outlines(prepares=False, elsewhere=elsewhere, progress=progress)
    plan.points = data_checks.examine_data(plan.points, outlines)
    require_unrefused(plan, overrides)
    first = plan.points[0]
    notes = explain_unused(lambda: build_point(first), first.overrides)
    if plan.search is not None:
        from darnax.sweeps import logged_metrics

        for point in plan.points:
            plan.search.require_eligible(point)
        experiment = build_point(first)
        settings = plan.search.settings
        logged_metrics.require_logged(settings.metric, experiment)
        logged_metrics.require_direction(settings.metric, settings.direction, experiment)
    if outlines.later and prepares:
        outlines = outlines.preparing()
        plan.points = data_checks.examine_data(plan.points, outlines)
        require_unrefused(plan, overrides)
    return [*notes, *data_checks.later_notes(outlines)]


def build_point(point: Point) -> "Experiment":
    """Return the experiment of a point that is not refused."""
    return checks.check_point(point.config or {}, here=False)


def require_unrefused(plan: SweepPlan, overrides: list[str]) -> None:
    """Raise RequestError if a point is refused."""
    problems = checks.find_refusals(plan.points, point_names(plan, overrides))
    if problems:
        raise RequestError(*problems)


def point_names(plan: SweepPlan, overrides: list[str]) -> dict[tuple[str, ...], str]:
    """Name the points."""
    return name_points(Record(Path(), overrides, None, Path(), [], plan.points))


def new_folder(plan: SweepPlan) -> Path:
    """Return an unused name under the outputs for the folder of a sweep."""
    config = plan.request.config
    outputs = OmegaConf.select(config, "paths.outputs", throw_on_missing=True)
    name = OmegaConf.select(config, "name", throw_on_missing=True)
    if (
        not isinstance(name, str)
        or not re.match(EXPERIMENT_NAME, name)
        or not isinstance(outputs, str)
    ):
        what = f"got {name!r}, expected a name for a folder in paths.outputs; that is {outputs!r}"
        raise RequestError(Problem("name", what))
    time = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    return expand_user(outputs).absolute() / name / "sweeps" / f"{time}-{secrets.token_hex(2)}"
