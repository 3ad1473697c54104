"""A search: Optuna draws points from the results of earlier ones; its study is kept in a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import optuna
from hydra.core.override_parser.types import Override
from optuna.trial import FrozenTrial, TrialState
from pydantic import Field, NonNegativeInt

from darnax.builder.deferred_call import DeferredCall
from darnax.builder.problems import Problems
from darnax.builder.specification import Target, read
from darnax.errors import Problem, RequestError
from darnax.laboratory.splits import has_validation
from darnax.locks import file_lock
from darnax.reports.chosen_metric import may_choose
from darnax.runner.settings import Section
from darnax.sweeps.batches import Batches
from darnax.sweeps.grid import MOST
from darnax.sweeps.point import Objective, Point
from darnax.sweeps.record import NAME, PATIENCE, Record
from darnax.sweeps.search_parts import WHERE, read_pruner, read_sampler, try_sampler
from darnax.sweeps.search_space import Space
from darnax.sweeps.search_study import OVERRIDES, open_study, overrides_of
from darnax.sweeps.survey import State, survey

Compose = Callable[[Sequence[str]], Point]
MOST_TRIALS = 300  # points that are checked before the start
REFUSALS = 3  # a search ends if its first points, at least so many, are all refused
RESTORE = "restore what is searched in, or start a new search"
NO_VALIDATION = (
    "there is no validation split to choose by; "
    "keep examples out of training with data.validation=0.1"
)
TEST_SPLIT = (
    "would choose by the test split, which may not be used to choose; search for eval/accuracy"
)


class Settings(Section):
    """The keys of configs/hydra/sweeper/optuna.yaml."""

    n_trials: Annotated[int, Field(gt=0, le=MOST)]
    n_jobs: Annotated[int, Field(gt=0, le=MOST)]
    metric: Annotated[str, Field(min_length=1)]
    value: Literal["best", "last"]
    direction: Literal["maximize", "minimize"]
    seed: NonNegativeInt
    sampler: Target
    pruner: Target | None = None

    @property
    def goal(self) -> Objective:
        """The part of the settings that the record of the sweep keeps."""
        return Objective(self.metric, self.value, self.direction, self.n_trials, self.pruner)


class Search:
    """A search under way in this process.

    Args:
        settings: of the sweeper, as configured.
        sampler: makes the sampler of a trial.
        space: what is searched.
        compose: makes the point that overrides name.
    """

    batches: Batches
    folder: Path
    study: optuna.Study

    def __init__(
        self, settings: Settings, sampler: DeferredCall, space: Space, compose: Compose
    ) -> None:
        self.settings, self.sampler, self.space, self.compose = settings, sampler, space, compose
        self.known: dict[tuple[str, ...], Point] = {}

    @classmethod
    def of(cls, node: Mapping[str, Any], asked: Sequence[Override], compose: Compose) -> "Search":
        """Return the requested search; a RequestError names everything that is wrong with it."""
        settings, sampler, pruner = read_settings(node)
        space = Space.of(asked)
        try_sampler(sampler, pruner, space.distributions, settings.n_trials)
        return cls(settings, sampler, space, compose)

    def trial_points(self) -> list[Point]:
        """Return the points to check before the start: each choice, and both ends of each range."""
        trials = islice(self.space.trials(), MOST_TRIALS)
        return [self.compose(self.space.overrides(values)) for values in trials]

    def run(self, batches: Batches, folder: Path) -> None:
        """Run trials until all have ended or were started here, or the first ones are refused."""
        self.batches, self.folder = batches, folder
        self.study = open_study(folder, self.settings.direction)
        self.require_same_search()
        with file_lock(self.folder / ".search", PATIENCE) as locked:
            if not locked:
                what = "this search is under way in another process"
                raise RequestError(Problem(str(self.folder), what))
            self.run_trials()

    def run_trials(self) -> None:
        """Draw trials and run them, `n_jobs` at once."""
        started: set[int] = set()
        while True:
            trials = self.report_results()
            if self.is_refused():
                return
            unfinished = {trial.number for trial in trials if not trial.state.is_finished()}
            left = unfinished - started
            free_jobs = self.settings.n_jobs - len(left)
            undrawn = self.settings.n_trials - len(trials)
            for _ in range(min(free_jobs, undrawn)):
                left.add(self.draw_trial())
            if not left:
                return
            started |= left
            self.launch()

    def is_refused(self) -> bool:
        """Return whether all points so far are refused, and they are enough to end the search."""
        states = self.states().values()
        return len(states) >= REFUSALS and all(state.status == "refused" for state in states)

    def require_same_search(self) -> None:
        """Raise RequestError if earlier trials have another search space or another goal."""
        record = self.record()
        if record and replace(record.goal, trials=0) != replace(self.settings.goal, trials=0):
            what = f"had another goal ({record.goal}); {RESTORE}"
            raise RequestError(Problem(str(self.folder), what))
        for trial in self.trials():
            is_same_space = trial.distributions == self.space.distributions
            # In another order in searches of 0.2.0.
            known, drawn = sorted(overrides_of(trial)), sorted(self.space.overrides(trial.params))
            if not is_same_space or known != drawn:
                what = f"was drawn from something else ({trial.params}); {RESTORE}"
                raise RequestError(Problem(str(self.folder), what))

    def launch(self) -> None:
        """Start the points so far that are left to run; a point that is drawn twice runs once."""
        points = [self.point(trial) for trial in self.trials()]
        repeated = len(points) - len({point.identity for point in points})
        goal = self.settings.goal
        self.batches.run(points, replace(goal, trials=goal.trials - repeated))

    def trials(self) -> list[FrozenTrial]:
        """Return the trials that have been drawn."""
        return [trial for trial in self.study.get_trials(deepcopy=False) if overrides_of(trial)]

    def point(self, trial: FrozenTrial) -> Point:
        """Return the point of a trial; raise RequestError if it cannot be composed."""
        overrides = overrides_of(trial)
        key = tuple(overrides)
        if key not in self.known:
            self.known[key] = self.compose(overrides)
        return self.require_eligible(self.known[key])

    def require_eligible(self, point: Point) -> Point:
        """Return a point that a search may choose; raise RequestError if it may not."""
        if point.refusal:
            raise RequestError(*point.refusal.split("; "))
        metric = self.settings.metric
        if not may_choose(metric):
            raise RequestError(Problem(f"{WHERE}.metric", f"{metric} {TEST_SPLIT}"))
        if metric.startswith("eval/") and not has_validation(point.config or {}):
            raise RequestError(Problem(f"{WHERE}.metric", f"got {metric}, but {NO_VALIDATION}"))
        return point

    def draw_trial(self) -> int:
        """Draw a trial; it follows from the seed and the trials before, whichever process draws."""
        number = len(self.study.get_trials(deepcopy=False))
        seed = int(np.random.SeedSequence([self.settings.seed, number]).generate_state(1)[0])
        self.study.sampler = self.sampler(seed=seed)
        trial = self.study.ask(dict(self.space.distributions))
        trial.set_user_attr(OVERRIDES, self.space.overrides(trial.params))
        return trial.number

    def report_results(self) -> list[FrozenTrial]:
        """Report the results of ended trials to the study, and return all that have been drawn."""
        states = self.states()
        for trial in self.study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
            if not overrides_of(trial):  # the process was killed while it drew the trial
                self.study.tell(trial.number, state=TrialState.FAIL)
                continue
            state = states.get(self.point(trial).identity)
            if state is not None:
                self.report_result(trial.number, state)
        return self.trials()

    def states(self) -> dict[str, State]:
        """Map the identity of every point that has been started to its state."""
        record = self.record()
        if record is None:
            return {}
        pairs = zip(record.points, survey(record), strict=True)
        return {point.identity: state for point, state in pairs}

    def record(self) -> Record | None:
        """Read the record; None before the first point is started."""
        return Record.read(self.folder) if (self.folder / NAME).exists() else None

    def report_result(self, number: int, state: State) -> None:
        """Report the result of one trial to the study, if it has ended.

        A trial that failed stays open; Optuna counts it as one with the worst result.
        """
        if state.status == "finished":
            if np.isnan(state.value):
                what = f"{self.settings.metric} was never logged by {state.run}; "
                what += "take a name from its metrics.jsonl"
                raise RequestError(Problem(f"{WHERE}.metric", what))
            self.study.tell(number, state.value)
        elif state.status == "pruned":
            self.study.tell(number, state=TrialState.PRUNED)


def read_settings(node: Mapping[str, Any]) -> tuple[Settings, DeferredCall, DeferredCall | None]:
    """Return the settings, and the calls that make a sampler and a pruner.

    Raises:
        RequestError: with everything that is wrong with them.
    """
    problems = Problems()
    own = {key: value for key, value in node.items() if key not in ("_target_", "params")}
    settings = read(Settings, own, WHERE, problems)
    problems.raise_if_any()
    assert settings is not None
    sampler = read_sampler(settings.sampler, problems)
    pruner = read_pruner(settings.pruner, problems) if settings.pruner is not None else None
    problems.raise_if_any()
    assert sampler is not None
    return settings, sampler, pruner
