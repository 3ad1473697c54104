"""The sampler and the pruner of a search: Optuna's classes from a list, with plain arguments."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler, BruteForceSampler

from darnax.builder.calls import Reader
from darnax.builder.deferred_call import DeferredCall
from darnax.builder.problems import Problems, format_value, nearest
from darnax.builder.signatures import qualified_name
from darnax.errors import Problem, RequestError, first_line
from darnax.sweeps.point import Objective
from darnax.trees import find_targets, list_children, walk

WHERE = "hydra.sweeper"
MOST = 100_000  # largest integer argument of a sampler or a pruner
REHEARSED = 12  # trials; most samplers draw the first ten at random
SAMPLERS = (
    "BruteForceSampler",
    "CmaEsSampler",
    "GPSampler",
    "GridSampler",
    "NSGAIIISampler",
    "NSGAIISampler",
    "PartialFixedSampler",
    "QMCSampler",
    "RandomSampler",
    "TPESampler",
)
CROSSOVERS = (
    "BLXAlphaCrossover",
    "PolynomialMutation",
    "SBXCrossover",
    "SPXCrossover",
    "UNDXCrossover",
    "UniformCrossover",
    "VSBXCrossover",
)
PRUNERS = (
    "HyperbandPruner",
    "MedianPruner",
    "NopPruner",
    "PatientPruner",
    "PercentilePruner",
    "SuccessiveHalvingPruner",
    "ThresholdPruner",
    "WilcoxonPruner",
)
CLASSES = [
    *(f"optuna.pruners.{name}" for name in PRUNERS),
    *(f"optuna.samplers.{name}" for name in SAMPLERS),
    *(f"optuna.samplers.nsgaii.{name}" for name in CROSSOVERS),
]


def read_sampler(node: Any, problems: Problems) -> DeferredCall | None:
    """Return a call that makes the sampler from a seed; None if problems were added."""
    where = f"{WHERE}.sampler"
    if not is_allowed(node, where, problems):
        return None
    return Reader(problems, trust=["optuna"]).call(node, where, BaseSampler, filled=("seed",))


def read_pruner(node: Any, problems: Problems) -> DeferredCall | None:
    """Return a call that makes the pruner; None if problems were added."""
    where = f"{WHERE}.pruner"
    if not is_allowed(node, where, problems):
        return None
    return Reader(problems, trust=["optuna"]).call(node, where, BasePruner)


def is_allowed(node: Any, where: str, problems: Problems) -> bool:
    """Return whether a tree names only listed classes and has no large integers; add problems."""
    before = len(problems.found)
    for name, described in find_targets(node, where):
        target = described["_target_"]
        if target not in CLASSES:
            what = f"got {format_value(target)}, expected one of Optuna's samplers or pruners"
            problems.add(f"{name}._target_", f"{what}{nearest(target, CLASSES)}")
    for name, number in find_integers(node, where):
        if number > MOST:
            what = f"got {number}, expected {MOST} at most: samplers draw and keep so many"
            problems.add(name, what)
    return len(problems.found) == before


def find_integers(node: Any, where: str) -> Iterator[tuple[str, int]]:
    """Yield the dotted name and the value of every integer in a tree, without seeds."""
    for name, parent in walk(node, where):
        for key, child in list_children(parent):
            if isinstance(child, int) and key != "seed":
                yield f"{name}.{key}", child


def try_sampler(
    sampler: DeferredCall,
    pruner: DeferredCall | None,
    space: Mapping[str, BaseDistribution],
    trials: int,
) -> None:
    """Draw a few trials from a space, in memory; raise RequestError if that fails.

    This checks arguments of Optuna's classes that have no annotation, and imports what a sampler
    needs.
    """
    require_few_values(sampler, space)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    number = min(trials, REHEARSED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        instance = try_once(f"{WHERE}.pruner", lambda: pruner() if pruner else None)
        try_once(f"{WHERE}.sampler", lambda: draw(sampler(seed=0), instance, space, number))


def require_few_values(sampler: DeferredCall, space: Mapping[str, BaseDistribution]) -> None:
    """Raise RequestError if a sampler would list all values of a key that has too many."""
    if sampler.factory is not BruteForceSampler:
        return
    for key, drawn in space.items():
        if not isinstance(drawn, IntDistribution):
            continue
        count = (drawn.high - drawn.low) // drawn.step + 1
        if count > MOST:
            name = qualified_name(sampler.factory)
            what = f"got {count} values, of which {name} makes a list, expected {MOST} at most"
            raise RequestError(Problem(key, what))


def try_once(where: str, action: Callable[[], Any]) -> Any:
    """Return the result of an action; turn any exception into a RequestError."""
    try:
        return action()
    except Exception as error:  # Optuna and what it imports may raise anything
        what = f"cannot be used ({type(error).__name__}: {first_line(error)})"
        raise RequestError(Problem(where, what)) from error


def draw(
    sampler: BaseSampler,
    pruner: BasePruner | None,
    space: Mapping[str, BaseDistribution],
    trials: int,
) -> None:
    """Draw trials, and let the pruner judge each of them after two epochs."""
    study = optuna.create_study(sampler=sampler, pruner=pruner)
    for number in range(trials):
        trial = study.ask(dict(space))
        for epoch in range(2):
            trial.report(number / trials, epoch)
            trial.should_prune()
        study.tell(trial, number / trials)


def make_pruner(goal: Objective) -> BasePruner | None:
    """Make the pruner of a search."""
    problems = Problems()
    call = read_pruner(goal.pruner, problems) if goal.pruner is not None else None
    problems.raise_if_any()
    return call() if call else None
