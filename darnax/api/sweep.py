"""A sweep, opened by its folder: its points, its runs, and what is left to run."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from darnax.api.arguments import require_overrides, require_path
from darnax.api.arrays import add_arrays, write_shared
from darnax.api.comparison import Comparison, compare
from darnax.api.composition import config_file
from darnax.api.interruption import interruptible
from darnax.api.run import Run
from darnax.api.sweep_display import choose_sweep_display
from darnax.api.sweep_status import SweepStatus, status_of
from darnax.api.sweeping import resume, start
from darnax.composing import trust
from darnax.errors import RequestError
from darnax.laboratory.machine import compose_here
from darnax.printing import count_of, printable
from darnax.sweeps.record import Record
from darnax.sweeps.survey import DONE, State


class Sweep:
    """A sweep: `darnax.sweep` returns one, and `darnax.load` opens one from its folder.

    Args:
        folder: its folder.
        trusted: packages whose code its configurations may name, besides darnax and Optax.

    Example:
        >>> import darnax
        >>> experiment = ["+experiment=associations", "tracking=local", "runner.epochs=1"]
        >>> sweep = darnax.load(darnax.sweep(*experiment, "seed=4,5").folder)
        >>> sweep.is_done, [run.status for run in sweep.runs]
        (True, ['finished', 'finished'])
    """

    def __init__(self, folder: str | Path, trusted: Iterable[str] = ()) -> None:
        self.folder = require_path(folder, "folder").absolute()
        self.trusted = frozenset(trusted)
        Record.read(self.folder)

    @property
    def points(self) -> list[State]:
        """The state of every point: name, status, value, epochs, seconds, run, why it failed."""
        return list(self.status.points)

    @property
    def status(self) -> SweepStatus:
        """A table of the points and a line about them, as `darnax sweep status` prints them."""
        return status_of(self.folder)

    @property
    def runs(self) -> list[Run]:
        """The runs that have started, in the order of the points."""
        return [Run(point.run, self.trusted) for point in self.points if point.run is not None]

    @property
    def is_done(self) -> bool:
        """Whether every point has finished or was pruned."""
        return all(point.status in DONE for point in self.points)

    def resume(
        self, *overrides: str, retry_failed: bool = False, progress: bool | None = None
    ) -> "Sweep":
        """Resume interrupted points, retry failed ones once, and start the rest; return the sweep.

        Args:
            overrides: another launcher, the length of a search, or `trust=[…]`, as
                `darnax sweep resume` takes them.
            retry_failed: whether to retry points that failed twice.
            progress: whether to show the points; by default in a terminal or a notebook.

        Raises:
            RequestError: the record is damaged, or an override is not one of these.
            Interrupted: it was stopped; what is left can be resumed.
        """
        words = trust.add_trust(require_overrides(overrides), self.trusted)
        with interruptible():
            shown = choose_sweep_display(progress)
            outcome = resume(self.folder, words, shown, retry=retry_failed)
        return Sweep(self.folder, outcome.trusted)

    def compare(self, metric: str | None = None, **options: Any) -> Comparison:
        """Compare the runs; see `darnax.compare`."""
        return compare(self, metric=metric, **options)

    def to_pandas(self) -> Any:
        """Return the points as a `pandas.DataFrame`."""
        return self.status.table.to_pandas()

    def __repr__(self) -> str:
        points = self.points
        done = sum(point.status in DONE for point in points)
        of_all = count_of(len(points), "point")
        return printable(f"Sweep({done} of {of_all} finished; {self.folder})")

    def _repr_html_(self) -> str:
        return self.status._repr_html_()


def sweep(
    *overrides: str, config: Any = None, data: Any = None, progress: bool | None = None
) -> Sweep:
    """Train one run for every combination of values, and return the sweep.

    Args:
        overrides: those of `darnax train -m`, such as `"model.depth=1,2"`, `"seed=range(3)"` or
            `"hydra/launcher=joblib"`.
        config: a run, or the config.yaml of one, to start from instead of the defaults.
        data: arrays to train on, as `darnax.train` takes them; they are written once, to
            `arrays/` in the folder of outputs, where every run reads them.
        progress: whether to show the points: a line for every change in a terminal, a table in a
            notebook; by default there alone.

    Raises:
        RequestError: a point is invalid, with the messages of the command line; nothing was
            trained.
        Interrupted: it was stopped; `darnax.load(folder).resume()` runs what is left.

    A point that fails stops no other one: `sweep.status` shows why it failed.

    Example:
        >>> import darnax
        >>> experiment = ["+experiment=associations", "tracking=local", "runner.epochs=1"]
        >>> sweep = darnax.sweep(*experiment, "seed=range(3)")
        >>> [point.name for point in sweep.points]
        ['seed=0', 'seed=1', 'seed=2']
    """
    words, file = require_overrides(overrides), config_file(config)
    if data is not None:
        path = write_shared(data, outputs_of(words, file))
        words = add_arrays(words, str(path), saved=file is not None)
    with interruptible():
        outcome = start(words, file, ["darnax.sweep", *words], choose_sweep_display(progress))
    if outcome.is_refused:
        reasons = (f"{state.name}: {state.why}" for state in outcome.states)
        raise RequestError(*dict.fromkeys(reasons))
    return Sweep(outcome.record.folder, outcome.trusted)


def outputs_of(words: list[str], file: Path | None) -> Path:
    """Return the folder of outputs that overrides and a configuration choose."""
    from darnax.composing.composer import default_value

    key = "paths.outputs"
    given = [word.partition("=")[2] for word in words if word.startswith(f"{key}=")]
    if given:
        return Path(given[-1])
    return Path(compose_here([], file).resolved["paths"]["outputs"] if file else default_value(key))
