"""A search: Optuna draws the next points of a sweep from how the others ended; its study tells what is left to do."""

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

from darnax.builder.calls import DeferredCall
from darnax.builder.problems import Problems
from darnax.builder.specification import Section, Target, read
from darnax.errors import Problem, RequestError
from darnax.laboratory.splits import has_validation
from darnax.locks import file_lock
from darnax.reports.compare import may_choose
from darnax.sweeps.batches import Batches
from darnax.sweeps.grid import MOST
from darnax.sweeps.record import NAME, PATIENCE, Objective, Point, Record
from darnax.sweeps.search_parts import WHERE, read_pruner, read_sampler, try_sampler
from darnax.sweeps.search_space import Space
from darnax.sweeps.search_study import OVERRIDES, open_study, overrides_of
from darnax.sweeps.survey import State, survey

Compose = Callable[[Sequence[str]], Point]
MOST_TRIALS = 300  # points looked at before the start
REFUSALS = 3  # points that are refused, and no other, end a search
RESTORE = "restore what is searched in, or start a new search"
NO_VALIDATION = "there is no validation split to choose by; keep examples out of training with data.validation=5000"
TEST_SPLIT = "would choose by the test split, which decides on nothing; search for eval/accuracy"


class Settings(Section):
    """What configs/hydra/sweeper/optuna.yaml says."""

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
        """What the record of the sweep keeps of it."""
        return Objective(self.metric, self.value, self.direction, self.n_trials, self.pruner)


class Search:
    """A search under way in this process.

    Args:
        settings: of the sweeper, as configured.
        sampler: makes the sampler of a trial.
        space: what is chosen from.
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
        """Return the search that is asked for; a RequestError names everything that is wrong with it."""
        settings, sampler, pruner = parse_override(node)
        space = Space.of(asked)
        try_sampler(sampler, pruner, space.distributions, settings.n_trials)
        return cls(settings, sampler, space, compose)

    def trial_points(self) -> list[Point]:
        """Return points with every value of a choice, and both ends of all numbers, in each key: looked at before the start."""
        return [
            self.compose(self.space.overrides(values))
            for values in islice(self.space.trials(), MOST_TRIALS)
        ]

    def carry_out(self, batches: Batches, folder: Path) -> None:
        """Go on until every trial has ended or was started by this process, or the first ones were all refused."""
        self.batches, self.folder = batches, folder
        self.study = open_study(folder, self.settings.direction)
        self.check()
        with file_lock(self.folder / ".search", PATIENCE) as mine:
            if not mine:
                raise RequestError(
                    Problem(str(self.folder), "this search is under way in another process")
                )
            started: set[int] = set()
            while True:
                trials = self.is_settled()
                if self.is_refused():
                    return
                left = {trial.number for trial in trials if not trial.state.is_finished()} - started
                for _ in range(
                    min(self.settings.n_jobs - len(left), self.settings.n_trials - len(trials))
                ):
                    left.add(self.ask())
                if not left:
                    return
                started |= left
                self.launch()

    def is_refused(self) -> bool:
        """Say whether there is no point in drawing any more."""
        states = self.states().values()
        return len(states) >= REFUSALS and all(state.status == "refused" for state in states)

    def check(self) -> None:
        """Refuse to go on with trials that were drawn from something else, or for another goal."""
        record = self.record()
        if record and replace(record.goal, trials=0) != replace(self.settings.goal, trials=0):
            raise RequestError(
                Problem(str(self.folder), f"had another goal ({record.goal}); {RESTORE}")
            )
        for trial in self.trials():
            if trial.distributions != self.space.distributions or overrides_of(
                trial
            ) != self.space.overrides(trial.params):
                raise RequestError(
                    Problem(
                        str(self.folder),
                        f"was drawn from something else ({trial.params}); {RESTORE}",
                    )
                )

    def launch(self) -> None:
        """Start what is left to do of the points so far; the same point drawn twice is done once."""
        points = [self.point(trial) for trial in self.trials()]
        again = len(points) - len({point.identity for point in points})
        goal = self.settings.goal
        self.batches.run(points, replace(goal, trials=goal.trials - again))

    def trials(self) -> list[FrozenTrial]:
        """Return the trials that have been drawn."""
        return [trial for trial in self.study.get_trials(deepcopy=False) if overrides_of(trial)]

    def point(self, trial: FrozenTrial) -> Point:
        """Return the point of a trial, or a RequestError says why it cannot be composed."""
        overrides = overrides_of(trial)
        if (key := tuple(overrides)) not in self.known:
            self.known[key] = self.compose(overrides)
        return self.fit(self.known[key])

    def fit(self, point: Point) -> Point:
        """Return a point that a search may choose, or a RequestError says why it may not."""
        if point.refusal:
            raise RequestError(*point.refusal.split("; "))
        metric = self.settings.metric
        if not may_choose(metric):
            raise RequestError(Problem(f"{WHERE}.metric", f"{metric} {TEST_SPLIT}"))
        if metric.startswith("eval/") and not has_validation(point.config or {}):
            raise RequestError(Problem(f"{WHERE}.metric", f"got {metric}, but {NO_VALIDATION}"))
        return point

    def ask(self) -> int:
        """Draw a trial; what is drawn follows from the seed and from the trials before it, in whatever process it happens."""
        number = len(self.study.get_trials(deepcopy=False))
        seed = int(np.random.SeedSequence([self.settings.seed, number]).generate_state(1)[0])
        self.study.sampler = self.sampler(seed=seed)
        trial = self.study.ask(dict(self.space.distributions))
        trial.set_user_attr(OVERRIDES, self.space.overrides(trial.params))
        return trial.number

    def is_settled(self) -> list[FrozenTrial]:
        """Tell the study how trials have ended, and return all that have been drawn."""
        states = self.states()
        for trial in self.study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
            if not overrides_of(trial):  # killed while it was drawn
                self.study.tell(trial.number, state=TrialState.FAIL)
            elif state := states.get(self.point(trial).identity):
                self.tell(trial.number, state)
        return self.trials()

    def states(self) -> dict[str, State]:
        """Return how every point stands that has been started."""
        record = self.record()
        return (
            {p.identity: state for p, state in zip(record.points, survey(record), strict=True)}
            if record
            else {}
        )

    def record(self) -> Record | None:
        """Read what has been written down; nothing before the first point is started."""
        return Record.read(self.folder) if (self.folder / NAME).exists() else None

    def tell(self, number: int, state: State) -> None:
        """Tell the study how one trial has ended, if it has; one that failed stays open, and Optuna reckons with the worst."""
        if state.status == "finished":
            if np.isnan(state.value):
                what = f"{self.settings.metric} was never logged by {state.run}; take a name from its metrics.jsonl"
                raise RequestError(Problem(f"{WHERE}.metric", what))
            self.study.tell(number, state.value)
        elif state.status == "pruned":
            self.study.tell(number, state=TrialState.PRUNED)


def parse_override(node: Mapping[str, Any]) -> tuple[Settings, DeferredCall, DeferredCall | None]:
    """Return the settings, what makes a sampler and what makes a pruner; a RequestError names all that is wrong with them."""
    problems = Problems()
    settings = read(
        Settings,
        {key: value for key, value in node.items() if key not in ("_target_", "params")},
        WHERE,
        problems,
    )
    problems.settle()
    assert settings is not None
    sampler = read_sampler(settings.sampler, problems)
    pruner = read_pruner(settings.pruner, problems) if settings.pruner is not None else None
    problems.settle()
    assert sampler is not None
    return settings, sampler, pruner
