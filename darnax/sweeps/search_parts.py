"""The sampler and the pruner of a search: classes of Optuna from a list, nested ones too, made of plain values."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler, BruteForceSampler

from darnax.builder.calls import DeferredCall, Reader
from darnax.builder.problems import Problems, format_value, nearest
from darnax.builder.signatures import qualified_name
from darnax.errors import Problem, RequestError, first_line
from darnax.sweeps.record import Objective

WHERE = "hydra.sweeper"
MOST = 100_000  # of what an argument of a sampler or a pruner counts
REHEARSED = 12  # trials; most samplers draw the first ten blindly
SAMPLERS = {
    *(
        "BruteForceSampler",
        "CmaEsSampler",
        "GPSampler",
        "GridSampler",
        "NSGAIIISampler",
        "NSGAIISampler",
    ),
    *("PartialFixedSampler", "QMCSampler", "RandomSampler", "TPESampler"),
}
CROSSOVERS = {
    *(
        "BLXAlphaCrossover",
        "SBXCrossover",
        "SPXCrossover",
        "UNDXCrossover",
        "UniformCrossover",
        "VSBXCrossover",
    ),
    "PolynomialMutation",
}
PRUNERS = {
    *("HyperbandPruner", "MedianPruner", "NopPruner", "PatientPruner", "PercentilePruner"),
    *("SuccessiveHalvingPruner", "ThresholdPruner", "WilcoxonPruner"),
}
CLASSES = sorted(
    [
        *(f"optuna.samplers.{name}" for name in SAMPLERS),
        *(f"optuna.samplers.nsgaii.{name}" for name in CROSSOVERS),
        *(f"optuna.pruners.{name}" for name in PRUNERS),
    ]
)


def read_sampler(node: Any, problems: Problems) -> DeferredCall | None:
    """Return what makes the sampler with a seed, or None with every reason among the problems."""
    where = f"{WHERE}.sampler"
    if not is_of_list(node, where, problems):
        return None
    return Reader(problems, trust=["optuna"]).call(node, where, BaseSampler, filled=("seed",))


def read_pruner(node: Any, problems: Problems) -> DeferredCall | None:
    """Return what makes the pruner, or None with every reason among the problems."""
    where = f"{WHERE}.pruner"
    return (
        Reader(problems, trust=["optuna"]).call(node, where, BasePruner)
        if is_of_list(node, where, problems)
        else None
    )


def is_of_list(node: Any, where: str, problems: Problems) -> bool:
    """Tell whether everything that is named in a tree is in the list of classes; note what is not."""
    before = len(problems.found)
    for name, target in targets(node, where):
        if target not in CLASSES:
            problems.add(
                name,
                f"got {format_value(target)}, expected one of Optuna's samplers or pruners{nearest(target, CLASSES)}",
            )
    for name, number in counts(node, where):
        if number > MOST:
            problems.add(
                name, f"got {number}, expected {MOST} at most: samplers draw and keep so many"
            )
    return len(problems.found) == before


def counts(node: Any, where: str) -> Iterator[tuple[str, int]]:
    """Yield the place and the value of every whole number in a tree."""
    for key, child in (
        node.items()
        if isinstance(node, Mapping)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    ):
        if isinstance(child, int) and key != "seed":
            yield f"{where}.{key}", child
        yield from counts(child, f"{where}.{key}")


def targets(node: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yield the place and the value of every `_target_` in a tree."""
    items = (
        list(node.items())
        if isinstance(node, Mapping)
        else list(enumerate(node))
        if isinstance(node, list)
        else []
    )
    for key, child in items:
        if key == "_target_":
            yield f"{where}._target_", child
        yield from targets(child, f"{where}.{key}")


def try_sampler(
    sampler: DeferredCall,
    pruner: DeferredCall | None,
    space: Mapping[str, BaseDistribution],
    trials: int,
) -> None:
    """Draw a few trials from a space, in memory; a RequestError says why that fails.

    Arguments of Optuna's that have no annotation are judged here, and what a sampler needs is imported.
    """
    require_few_values(sampler, space)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = try_once(f"{WHERE}.pruner", lambda: pruner() if pruner else None)
        try_once(
            f"{WHERE}.sampler", lambda: draw(sampler(seed=0), made, space, min(trials, REHEARSED))
        )


def require_few_values(sampler: DeferredCall, space: Mapping[str, BaseDistribution]) -> None:
    """Raise RequestError where a sampler would list all values of a key, and there are too many."""
    if sampler.factory is not BruteForceSampler:
        return
    for key, drawn in space.items():
        if (
            isinstance(drawn, IntDistribution)
            and (count := (drawn.high - drawn.low) // drawn.step + 1) > MOST
        ):
            what = f"got {count} values, of which {qualified_name(sampler.factory)} makes a list, expected {MOST} at most"
            raise RequestError(Problem(key, what))


def try_once(where: str, action: Callable[[], Any]) -> Any:
    """Return what an action makes; whatever keeps it from that is a RequestError."""
    try:
        return action()
    except Exception as error:  # Optuna and what it imports may raise anything
        raise RequestError(
            Problem(where, f"cannot be used ({type(error).__name__}: {first_line(error)})")
        ) from error


def draw(
    sampler: BaseSampler,
    pruner: BasePruner | None,
    space: Mapping[str, BaseDistribution],
    trials: int,
) -> None:
    """Draw trials, and judge each after two epochs."""
    study = optuna.create_study(sampler=sampler, pruner=pruner)
    for number in range(trials):
        trial = study.ask(dict(space))
        for epoch in range(2):
            trial.report(number / trials, epoch)
            trial.should_prune()
        study.tell(trial, number / trials)


def pruner_of(goal: Objective) -> BasePruner | None:
    """Make the pruner of a search."""
    problems = Problems()
    call = read_pruner(goal.pruner, problems) if goal.pruner is not None else None
    problems.settle()
    return call() if call else None
