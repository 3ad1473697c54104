"""From the section `optimizer` to Optax, with every number in the optimiser's state instead of in the compiled step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax

from darnax.builder.annotations import options
from darnax.builder.calls import Call, Reader, made, signature_of
from darnax.builder.names import glob_for
from darnax.builder.problems import said
from darnax.builder.specification import Optimizer
from darnax.errors import first_line
from darnax.learning import grouped
from darnax.orchestrators import Orchestrator

PROBE = 10  # steps per epoch, to try an optimiser with


@partial(jax.tree_util.register_dataclass, data_fields=["calls"], meta_fields=[])
@dataclass(frozen=True)
class Transformation:
    """One of Optax's transformations, or several in a row."""

    calls: tuple[Call, ...]

    def __call__(self, steps_per_epoch: int) -> optax.GradientTransformation:
        """Make it; one alone stays alone."""
        links = [injected(call, steps_per_epoch) for call in self.calls]
        return links[0] if len(links) == 1 else optax.chain(*links)


@partial(jax.tree_util.register_dataclass, data_fields=["default", "groups"], meta_fields=["globs"])
@dataclass(frozen=True)
class Groups:
    """From a network and the steps of an epoch to its optimiser: modules by the first glob that means them, or the default."""

    default: Transformation
    globs: tuple[str, ...]
    groups: tuple[Transformation, ...]

    def __call__(self, network: Orchestrator, steps_per_epoch: int) -> optax.GradientTransformation:
        """Make it."""
        made_groups = {glob: group(steps_per_epoch) for glob, group in zip(self.globs, self.groups, strict=True)}
        return grouped(network, self.default(steps_per_epoch), made_groups)


def read_optimizer(section: Optimizer, names: tuple[str, ...], reader: Reader) -> Groups | None:
    """Return what makes the optimiser, or None with every reason among the problems."""
    reader = replace(reader, epochs=True)
    default = read_transformation(section.default, "optimizer.default", reader)
    groups = {}
    for pattern, node in section.groups.items():
        where = f"optimizer.groups.{pattern}"
        group = read_transformation(node, where, reader)
        with reader.problems.at(where):
            groups[glob_for(pattern, names) if names else pattern] = group
    if default is None or None in groups.values():
        return None
    return Groups(default, tuple(groups), tuple(group for group in groups.values() if group is not None))


def read_transformation(node: Any, where: str, reader: Reader) -> Transformation | None:
    """Return the transformation that a mapping with `_target_`, or one of such mappings in order, describes."""
    if not isinstance(node, Mapping) or not node:
        reader.problems.add(
            where, f"came {said(node)}, expected a mapping with `_target_`, or several in order; to leave it out, ~{where}"
        )
        return None
    parts = {where: node} if "_target_" in node else {f"{where}.{name}": part for name, part in node.items()}
    calls = {path: reader.call(part, path) for path, part in parts.items()}
    found = tuple(call for call in calls.values() if call is not None)
    if len(found) < len(calls):
        return None
    for path, call in zip(calls, found, strict=True):
        with reader.problems.at(path):
            examine(call)
    return Transformation(found)


def examine(call: Call) -> None:
    """Raise ValueError unless the call makes a transformation that can take a step."""
    parameters = {"w": jax.ShapeDtypeStruct((2, 2), jnp.float32)}
    try:
        made_plainly, transformation = call(PROBE), injected(call, PROBE)
    except Exception as error:  # Optax asserts, raises ValueError, TypeError, …
        raise ValueError(f"{type(error).__name__}: {first_line(error)}") from error
    if not isinstance(made_plainly, optax.GradientTransformation):
        raise ValueError(f"makes a {type(made_plainly).__name__}, expected one of Optax's transformations, such as optax.sgd")
    try:
        state = jax.eval_shape(transformation.init, parameters)
        jax.eval_shape(transformation.update, parameters, state, parameters)
    except Exception as error:
        raise ValueError(f"cannot take a step ({type(error).__name__}: {first_line(error)})") from error


def injected(call: Call, steps_per_epoch: int) -> Any:
    """Make a transformation whose numbers and schedules are read from its state.

    What the constructor does not annotate as a real number (a count, a function) shapes the computation and stays outside.
    """
    parameters, hints = signature_of(call.factory)
    fixed = {n for n in parameters if n in hints and float not in options(hints[n])}
    arguments = {name: argument(value, steps_per_epoch) for name, value in call.arguments.items()}
    numbers = {n: float(v) if type(v) is int and n not in fixed else v for n, v in arguments.items()}
    return optax.inject_hyperparams(call.factory, static_args=fixed)(**numbers)


def argument(value: Any, steps_per_epoch: int) -> Any:
    """Make an argument: a transformation inside another one has its numbers in the state as well."""
    result = made(value, steps_per_epoch)
    return injected(value, steps_per_epoch) if isinstance(result, optax.GradientTransformation) else result
