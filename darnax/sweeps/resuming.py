"""What is left to do of a recorded sweep: nothing is run, looked up or read from a file because its record says so.

A grid is what the record holds. The points that a search has still to draw are composed of recorded words, and of files in the
folders of configurations that this directory and darnax have.
"""

import shlex
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from darnax.composing import secrets, trust
from darnax.composing.composer import Composer
from darnax.composing.derivations import is_computed
from darnax.errors import Problem, RequestError
from darnax.files import expand_user
from darnax.laboratory.machine import values_here
from darnax.reports.configuration import COMPUTED
from darnax.sweeps import hydra_request, recorded_overrides
from darnax.sweeps.planning import Plan, new_search
from darnax.sweeps.record import NAME, Point, Record

EARLIER = "was started by an earlier version of darnax with --config; that file is not in the record: start a new search"
LAUNCHER = ("hydra/launcher", "hydra.launcher.")


@contextmanager
def resume_plan(record: Record, given: Sequence[str], trusted: Collection[str]) -> Iterator[Plan]:
    """Give what is left to do, after a look at everything that the record says; the words of the resume are recorded.

    Args:
        record: of the sweep.
        given: words of the command line, for where and how long it runs.
        trusted: the packages that the command line trusts.

    Raises:
        RequestError: the record says something that is not for a file to say, or the words would make it another sweep.
    """
    require_resolved(record.folder, record.points, trusted)
    require_same_data(record)
    if not record.goal.trials:
        if idle := [
            word for word in given if recorded_overrides.key_of(word).startswith("hydra.sweeper.")
        ]:
            raise RequestError(Problem(idle[0], "has no effect on a grid; leave it out"))
        record.overrides = recorded_overrides.merge_overrides(record.overrides, given)
        words = [
            word
            for word in record.overrides
            if recorded_overrides.key_of(word).startswith(LAUNCHER)
        ]
        yield Plan(hydra_request.read_request(Composer(None, trusted), words), record.points)
        return
    require_same_configurations(record)
    with written_base(record) as file:
        composer = Composer(file, trusted, adapt=values_here)
        record.overrides = recorded_overrides.merge_overrides(
            record.overrides, given, lambda key: not composer.sets_a_value(key)
        )
        request = hydra_request.read_request(composer, record.overrides)
        if not request.is_search:
            raise RequestError(
                Problem(
                    "hydra/sweeper", "got basic, expected optuna for a search; start a new sweep"
                )
            )
        yield Plan(request, record.points, new_search(request))


def require_resolved(folder: Path, points: Sequence[Point], trusted: Collection[str]) -> None:
    """Raise RequestError where a recorded configuration refers to something, or holds a secret, or asks to be trusted."""
    for point in points:
        config: Mapping[str, Any] = point.config or {}
        what = "got {}, expected a value: a record cannot look anything up; start a new sweep"
        problems = [
            Problem(name, what.format(text))
            for name, text in trust.text_leaves(config)
            if "${" in text
        ]
        if problems := [*problems, *secrets.find_exposed(config)]:
            raise RequestError(*problems)
        trust.require_plain(point.composed or {}, folder / NAME)
        if not is_computed((point.composed or {}).get(COMPUTED, {})):
            what = f"{COMPUTED} holds no lists of keys; start a new sweep"
            raise RequestError(Problem(str(folder / NAME), what))
        trust.require_granted(config, trusted)


def require_same_data(record: Record) -> None:
    """Raise RequestError where datasets are in a folder that is relative to another directory than this."""
    paths = [point.config.get("paths") for point in record.points if point.config]
    folders = {str(each.get("data")) for each in paths if isinstance(each, dict)}
    relative = [folder for folder in sorted(folders) if not expand_user(folder).is_absolute()]
    if relative and is_elsewhere(record.directory):
        what = f"got {relative[0]}, relative to the directory of the start; go there: cd {shlex.quote(str(record.directory))}"
        raise RequestError(Problem("paths.data", what))


def require_same_configurations(record: Record) -> None:
    """Raise RequestError where a search was started beside a folder of configurations that is not in this directory."""
    if is_elsewhere(record.directory) and (record.directory / "configs").is_dir():
        what = "the search was started in a directory that has ./configs, which is read there alone; go there: cd "
        raise RequestError(Problem(str(record.folder), what + shlex.quote(str(record.directory))))


def is_elsewhere(directory: Path) -> bool:
    """Tell whether a directory is there, and is not the current one."""
    return directory.is_dir() and directory.resolve() != Path.cwd().resolve()


@contextmanager
def written_base(record: Record) -> Iterator[Path | None]:
    """Give the configuration that the search was started from with `--config`, as the record holds it; None without one."""
    if record.file is None:
        yield None
        return
    if record.base is None:
        raise RequestError(Problem(str(record.folder), EARLIER))
    with tempfile.TemporaryDirectory(prefix="darnax-") as place:
        file = Path(place) / "config.yaml"
        file.write_text(yaml.safe_dump(dict(record.base), sort_keys=False), encoding="utf-8")
        yield file
