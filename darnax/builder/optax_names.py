"""The names of Optax that a configuration may use: those that build optimisers and schedules."""

import inspect
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any, get_type_hints

import optax

from darnax.builder.problems import nearest

# These build transformations, and their signatures do not say so.
UNANNOTATED = ("scale_by_factored_rms", "dog", "dowg")

LOSS = "needs the value of a loss, and local rules have none"
SEARCH = "searches along a line for a lower loss, and local rules have none"
CURVATURE = "needs the curvature of a loss, and local rules have none"
EXAMPLES = "needs an update for each example, and local rules give one for the whole batch"
TWO_SETS = "evaluates other weights than it trains, and darnax evaluates those that it trains"
IN_ORDER = "takes no arguments by name; write several transformations in order, each under a name"
BY_GROUPS = "assigns optimisers to weights; write them in optimizer.groups"
INJECTS = "is applied by darnax to every optimiser; write the optimiser itself"
BY_TREE = "needs a tree in the shape of the network; use optimizer.groups"
ALL_ARRAYS = "steps all arrays of a module, and modules have some that are not trained"
NOTHING_READS = "keeps measures that nothing here reads"

REFUSED = {
    "polyak_sgd": LOSS,
    "scale_by_polyak": LOSS,
    "contrib.momo": LOSS,
    "contrib.momo_adam": LOSS,
    "contrib.reduce_on_plateau": LOSS,
    "scale_by_backtracking_linesearch": SEARCH,
    "scale_by_zoom_linesearch": SEARCH,
    "contrib.sophia": CURVATURE,
    "contrib.hutchinson_estimator_diag_hessian": CURVATURE,
    "contrib.differentially_private_aggregate": EXAMPLES,
    "contrib.dpsgd": EXAMPLES,
    "experimental.aggregating.process": EXAMPLES,
    "experimental.aggregating.average_incrementally_updates": EXAMPLES,
    "experimental.aggregating.average_per_element_updates": EXAMPLES,
    "experimental.aggregating.get_per_element_mean_and_sum_sq_diff_grads": EXAMPLES,
    "experimental.aggregating.track_per_element_mean_and_variance_with_ema": EXAMPLES,
    "experimental.aggregating.add_mean_variance_to_opt": EXAMPLES,
    "contrib.schedule_free": TWO_SETS,
    "contrib.schedule_free_adamw": TWO_SETS,
    "contrib.schedule_free_sgd": TWO_SETS,
    "lookahead": TWO_SETS,
    "chain": IN_ORDER,
    "named_chain": IN_ORDER,
    "partition": BY_GROUPS,
    "multi_transform": BY_GROUPS,
    "freeze": BY_TREE,
    "selective_transform": BY_TREE,
    "contrib.scale_by_muon": BY_TREE,
    "contrib.galore": ALL_ARRAYS,
    "contrib.scale_by_galore": ALL_ARRAYS,
    "inject_hyperparams": INJECTS,
    "inject_stateful_hyperparams": INJECTS,
    "monitor": NOTHING_READS,
    "MultiSteps": "makes no transformation; optax.apply_every sums steps",
}
"""Name in Optax -> why it cannot work here."""
# By the last part of the name: Optax offers some functions under several modules.
REASONS = {name.rpartition(".")[2]: reason for name, reason in REFUSED.items()}


def find_in_optax(target: str) -> Any:
    """Return the constructor of an optimiser, a transformation or a schedule that `target` names.

    The rest of Optax is refused: no module is imported for it, so that a configuration can call no
    other function.

    Raises:
        ValueError: there is no such name, or what it builds is something else, or cannot work here.
    """
    _, *modules, name = target.split(".")
    found: Any = optax
    for module in modules:
        found = vars(found).get(module)
        if not is_part(found):
            advice = nearest(name, offered_names(optax))
            raise ValueError(f"{target} is not in a module of optax{advice}")
    reason = REASONS.get(name)
    if reason:
        raise ValueError(f"{target} {reason}")
    constructor = vars(found).get(name)
    if constructor is None:
        advice = nearest(name, offered_names(found))
        raise ValueError(f"{target.rpartition('.')[0]} has no {name}{advice}")
    if not builds(constructor):
        what = "builds no optimiser, transformation or schedule"
        raise ValueError(f"{target} {what}; a configuration can name nothing else")
    return constructor


def is_part(found: Any) -> bool:
    """Return whether it is a module of Optax."""
    return isinstance(found, ModuleType) and found.__name__.startswith("optax.")


def builds(found: Any) -> bool:
    """Return whether it is a function of Optax that returns a transformation or a schedule."""
    function = found.func if isinstance(found, partial) else found
    if not inspect.isfunction(function) or not function.__module__.startswith("optax."):
        return False
    result = inspect.signature(function).return_annotation
    if isinstance(result, str):
        result = get_type_hints(function).get("return")
    if function.__name__ in UNANNOTATED or result == optax.Schedule:
        return True
    return isinstance(result, type) and issubclass(result, optax.GradientTransformation)


def offered_names(module: ModuleType) -> Iterator[str]:
    """Yield the names in a module of Optax that a configuration may use."""
    for name in dir(module):
        if not name.startswith("_") and name not in REASONS and builds(vars(module).get(name)):
            yield name
