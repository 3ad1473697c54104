"""`darnax.plan`: the points of a sweep, and which are refused, before any of them runs."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from darnax.api.arguments import require_overrides
from darnax.api.composition import config_file
from darnax.api.sweeping import require_valid
from darnax.api.table import TextTable
from darnax.composing.origins import naming_files
from darnax.errors import Problem, RequestError
from darnax.printing import element_text, printable


class SweepPlan:
    """The points of a sweep that was not started; prints as a table of them.

    Args:
        points: name -> overrides. Of a search, those that are checked before its start.
        trials: number of points that a search draws; None for a grid.
        notes: what is still to be done before it can start, such as preparing data elsewhere.
        refusal: the exception with which the sweep is refused, if it is.
        launcher: runs the points, with those of its settings that have a value.
    """

    def __init__(
        self,
        points: Mapping[str, Sequence[str]],
        trials: int | None,
        notes: Sequence[str],
        refusal: RequestError | None,
        launcher: str = "basic",
    ) -> None:
        self.points, self.trials, self.notes, self.refusal = points, trials, notes, refusal
        self.launcher = launcher

    @property
    def problems(self) -> Sequence[Problem]:
        """Why points are refused; empty if the sweep can be started."""
        return self.refusal.problems if self.refusal else ()

    @property
    def table(self) -> TextTable:
        """The points and their overrides."""
        rows = [(name, " ".join(words)) for name, words in self.points.items()]
        return TextTable(("point", "overrides"), rows)

    def __repr__(self) -> str:
        lines = [*self.notes, *map(str, self.problems)]
        return "\n".join([repr(self.table), *map(printable, lines)])

    def _repr_html_(self) -> str:
        lines = [*self.notes, *map(str, self.problems)]
        below = "".join(f"<div>{element_text(line)}</div>" for line in lines)
        return self.table._repr_html_() + below


def plan(*overrides: str, config: Any = None) -> SweepPlan:
    """Return the points that `darnax.sweep` would train, and why some are refused.

    Nothing is trained, prepared or written.

    Args:
        overrides: as `darnax.sweep` takes them.
        config: a run, or the config.yaml of one, to start from instead of the defaults.

    Raises:
        RequestError: the overrides are no sweep's; points that are refused are in `problems`.

    Example:
        >>> import darnax
        >>> planned = darnax.plan("+experiment=associations", "seed=1,2", "runner.epochs=1,-1")
        >>> list(planned.points)
        ['seed=1 epochs=1', 'seed=1 epochs=-1', 'seed=2 epochs=1', 'seed=2 epochs=-1']
        >>> len(planned.problems) > 0
        True
    """
    return make_plan(require_overrides(overrides), config_file(config))


def make_plan(
    words: list[str],
    file: Path | None,
    warnings: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> SweepPlan:
    """Plan a sweep; `warnings` gives a context in which logged warnings are shown."""
    from darnax.laboratory.machine import composer_here, warn_of_new
    from darnax.sweeps import planning
    from darnax.sweeps.hydra_launcher import describe_launcher

    require_valid(words, file)
    composer = composer_here(file, words)
    found = planning.make_plan(composer, words)
    with warnings():
        warn_of_new(composer, (point.config for point in found.points if point.config))
    names = planning.point_names(found, words)
    trials = found.search.settings.n_trials if found.search is not None else None
    notes, refusal = [], None
    try:
        with naming_files(words, file):
            notes = planning.require_sound(found, words, prepares=False)
    except RequestError as error:
        refusal = error
    launcher = describe_launcher(found.request.config)
    by_name = {name: point for point, name in names.items()}
    return SweepPlan(by_name, trials, notes, refusal, launcher)
