"""Plans the rest of a recorded sweep, without running, looking up or reading what its record names.

The points of a grid are those in the record. The points that a search has still to draw are
composed from recorded overrides and from the configuration folders of this directory and darnax.
"""

import shlex
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from darnax.bounded_yaml import dump_plain
from darnax.composing import secrets, trust
from darnax.composing.composer import Composer
from darnax.composing.derivations import is_computed
from darnax.composing.references import interpolations
from darnax.errors import Problem, RequestError
from darnax.files import expand_user
from darnax.laboratory.data_filling import DataFiller
from darnax.laboratory.machine import values_here
from darnax.reports.configuration import COMPUTED
from darnax.sweeps import hydra_request, recorded_overrides
from darnax.sweeps.planning import SweepPlan, new_search
from darnax.sweeps.point import Point
from darnax.sweeps.record import NAME, Record

EARLIER = (
    "was started by an earlier version of darnax with --config; that file is not in the record: "
    "start a new search"
)
LAUNCHER = ("hydra/launcher", "hydra.launcher.")


@contextmanager
def resume_plan(
    record: Record, given: Sequence[str], trusted: Collection[str]
) -> Iterator[SweepPlan]:
    """Check the record and give a plan of what is left; record the overrides of the resume.

    Args:
        record: of the sweep.
        given: overrides of the command line, for the launcher and the length of a search.
        trusted: the packages that the command line trusts.

    Raises:
        RequestError: the record contains something that a file may not decide, or the overrides
            would make it another sweep.
    """
    require_resolved(record.folder, record.points, trusted)
    require_same_data(record)
    if not record.goal.trials:
        yield plan_grid(record, given, trusted)
        return
    require_same_configurations(record)
    with base_file(record) as file:
        composer = Composer(file, trusted, adapt=values_here, fill=DataFiller())
        record.overrides = recorded_overrides.merge_overrides(
            record.overrides, given, lambda key: not composer.sets_a_value(key)
        )
        request = hydra_request.read_request(composer, record.overrides)
        if not request.is_search:
            what = "got basic, expected optuna for a search; start a new sweep"
            raise RequestError(Problem("hydra/sweeper", what))
        yield SweepPlan(request, record.points, new_search(request))


def plan_grid(record: Record, given: Sequence[str], trusted: Collection[str]) -> SweepPlan:
    """Plan the rest of a grid: its recorded points, of the overrides only the launcher's."""
    for word in given:
        if recorded_overrides.key_of(word).startswith("hydra.sweeper."):
            raise RequestError(Problem(word, "has no effect on a grid; leave it out"))
    record.overrides = recorded_overrides.merge_overrides(record.overrides, given)
    overrides = [
        word for word in record.overrides if recorded_overrides.key_of(word).startswith(LAUNCHER)
    ]
    return SweepPlan(hydra_request.read_request(Composer(None, trusted), overrides), record.points)


def require_resolved(folder: Path, points: Sequence[Point], trusted: Collection[str]) -> None:
    """Raise RequestError if a recorded configuration has references, secrets or needs trust."""
    for point in points:
        config: Mapping[str, Any] = point.config or {}
        what = "got {}, expected a value: a record cannot look anything up; start a new sweep"
        problems = [Problem(name, what.format(text)) for name, text in interpolations(config)]
        problems += secrets.find_exposed(config)
        if problems:
            raise RequestError(*problems)
        composed = point.composed or {}
        trust.require_plain(composed, folder / NAME)
        if not is_computed(composed.get(COMPUTED, {})):
            what = f"{COMPUTED} has no lists of keys; start a new sweep"
            raise RequestError(Problem(str(folder / NAME), what))
        trust.require_granted(config, trusted)


def require_same_data(record: Record) -> None:
    """Raise RequestError if datasets are in a folder relative to another directory than this."""
    paths = [point.config.get("paths") for point in record.points if point.config]
    folders = {str(each.get("data")) for each in paths if isinstance(each, dict)}
    relative = [folder for folder in sorted(folders) if not expand_user(folder).is_absolute()]
    if relative and is_elsewhere(record.directory):
        directory = shlex.quote(str(record.directory))
        what = (
            f"got {relative[0]}, relative to the directory of the start; go there: cd {directory}"
        )
        raise RequestError(Problem("paths.data", what))


def require_same_configurations(record: Record) -> None:
    """Raise RequestError if a search was started in another directory with ./configs."""
    if is_elsewhere(record.directory) and (record.directory / "configs").is_dir():
        directory = shlex.quote(str(record.directory))
        what = "the search was started in a directory that has ./configs, which is read there alone"
        raise RequestError(Problem(str(record.folder), f"{what}; go there: cd {directory}"))


def is_elsewhere(directory: Path) -> bool:
    """Return whether a directory exists and is not the current one."""
    return directory.is_dir() and directory.resolve() != Path.cwd().resolve()


@contextmanager
def base_file(record: Record) -> Iterator[Path | None]:
    """Write the recorded content of the `--config` file for the block's duration; None without."""
    if record.file is None:
        yield None
        return
    if record.base is None:
        raise RequestError(Problem(str(record.folder), EARLIER))
    with tempfile.TemporaryDirectory(prefix="darnax-") as folder:
        file = Path(folder) / "config.yaml"
        file.write_text(dump_plain(dict(record.base)), encoding="utf-8")
        yield file
