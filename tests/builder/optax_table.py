"""Every constructor of Optax, read from Optax itself, and values for its arguments."""

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import jax
import optax

from darnax.builder.annotations import union_members
from darnax.builder.optax_names import builds, is_part, offered_names
from darnax.builder.signatures import qualified_name

SGD = {"_target_": "optax.sgd", "learning_rate": 0.1}
CONSTANT = {"_target_": "optax.constant_schedule", "value": 0.1}
FALLING = {
    "_target_": "optax.linear_schedule",
    "init_value": 0.1,
    "end_value": 0.01,
    "transition_steps": 5,
}
VALUES: dict[str, Any] = {  # by the name of the argument, if its default gives no example
    **dict.fromkeys(["inner", "optimizer", "base_optimizer", "adv_optimizer", "tx"], SGD),
    **dict.fromkeys(["learning_rate", "clipping", "eta", "max_delta", "init_value", "value"], 0.1),
    **dict.fromkeys(["gamma", "step_size", "decay_rate", "decay"], 0.5),
    **dict.fromkeys(["threshold", "max_norm", "peak_value"], 1.0),
    **dict.fromkeys(["decay_steps", "transition_steps"], 10),
    **dict.fromkeys(["max_consecutive_errors", "accumulation_steps", "warmup_steps"], 2),
    **dict.fromkeys(["mask", "weight_decay_mask", "trust_ratio_mask"], False),
    **dict.fromkeys(["mu_dtype", "accumulator_dtype", "dtype_momentum", "param_dtype"], "float16"),
    "axis": 0,
    "batch_axis_name": "batch",
    "betas": [0.8, 0.99],
    "boundaries": [3],
    "boundaries_and_scales": {"5": 0.5},
    "cosine_kwargs": [{"init_value": 0.1, "peak_value": 1.0, "warmup_steps": 2, "decay_steps": 5}],
    "end_value": 0.01,
    "init_step": ["learning_rate", 0.01],
    "interpolate_type": "cosine",
    "key": 7,
    "linesearch": None,
    "mode": "smooth",
    "ns_coeffs": [3.0, -4.0, 2.0],
    "power": 2.0,
    "preconditioning": "schatten",
    "schedules": [CONSTANT, FALLING],
    "step_size_fn": CONSTANT,
}
FUNCTIONS = {  # arguments that are functions or trees of them, which a configuration cannot write
    "clip_value_fn",
    "decay_rate_fn",
    "f",
    "measure",
    "muon_weight_dimension_numbers",
    "should_transform_fn",
    "weight_dimension_numbers",
}
DEPRECATED = {"seed"}
ALSO = {
    "optax.add_noise": {"key": 7},
    "optax.noisy_sgd": {"key": 7},
    "optax.lbfgs": {"linesearch": None},
}


def modules(module: ModuleType = optax, name: str = "optax") -> dict[str, ModuleType]:
    """Every public module of Optax, by name; the shallowest name of each."""
    found = {name: module}
    for inner, value in vars(module).items():
        if not inner.startswith("_") and is_part(value):
            found |= {
                key: part
                for key, part in modules(value, f"{name}.{inner}").items()
                if part not in found.values()
            }
    return found


def constructors() -> dict[str, Any]:
    """Return every constructor that a configuration may name, once."""
    found: dict[str, Any] = {}
    for name, module in modules().items():
        found |= {
            f"{name}.{each}": vars(module)[each]
            for each in offered_names(module)
            if vars(module)[each] not in found.values()
        }
    return found


CONSTRUCTORS = constructors()


def parameters(target: str) -> list[inspect.Parameter]:
    return list(inspect.signature(CONSTRUCTORS[target]).parameters.values())


def is_schedule(target: str) -> bool:
    return inspect.signature(CONSTRUCTORS[target]).return_annotation == optax.Schedule


def needs_a_function(target: str) -> bool:
    return any(each.name in FUNCTIONS and each.default is each.empty for each in parameters(target))


def as_optimizer(node: dict[str, Any]) -> dict[str, Any]:
    """Return the node of an optimiser; a schedule is used as its learning rate."""
    return (
        {"_target_": "optax.sgd", "learning_rate": node} if is_schedule(node["_target_"]) else node
    )


def by_default(target: str) -> dict[str, Any]:
    """Return the constructor with its required arguments."""
    needed = {
        each.name: VALUES[each.name] for each in parameters(target) if each.default is each.empty
    }
    return {"_target_": target, **needed, **ALSO.get(target, {})}


def value_for(parameter: inspect.Parameter) -> Any:
    """Return a value other than the default."""
    default, kinds = parameter.default, union_members(parameter.annotation)
    if isinstance(default, bool):
        return not default
    if parameter.name in VALUES:
        return VALUES[parameter.name]
    if isinstance(default, int | float):
        return default + 1 if isinstance(default, int) else default / 2 or 0.01
    if default is None and float in kinds:
        return 0.3
    if default is None and int in kinds:
        return 3
    raise LookupError(f"say in VALUES what to give to {parameter}")


def each_argument_once(target: str) -> Iterator[dict[str, Any]]:
    """Yield the constructor with each argument set once, and real numbers also as schedules."""
    for parameter in parameters(target):
        if parameter.name in FUNCTIONS | DEPRECATED:
            continue
        kinds = union_members(parameter.annotation)
        yield by_default(target) | {parameter.name: value_for(parameter)}
        if (
            (jax.Array in kinds or float in kinds)
            and not is_schedule(target)
            and parameter.name != "key"
        ):
            yield by_default(target) | {parameter.name: FALLING}


def unannotated() -> set[str]:
    """Return public functions without return annotation, of modules with constructors."""
    homes = {
        name: module
        for name, module in modules().items()
        if name.count(".") <= 1 and "tree" not in name
    }
    functions = {
        name: value
        for module in homes.values()
        for name, value in vars(module).items()
        if not name.startswith("_")
    }
    return {
        qualified_name(value)
        for value in functions.values()
        if inspect.isfunction(value)
        and value.__module__.startswith("optax.")
        and inspect.signature(value).return_annotation is inspect.Signature.empty
        and not builds(value)
    }
