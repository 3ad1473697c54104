"""Build the Optax optimiser of the section `optimizer`, with its numbers in the optimiser's state.

A number in the state is an input of the compiled step, so that other numbers need no compilation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import equinox as eqx
import jax
import optax

from darnax.builder.calls import Reader
from darnax.builder.deferred_call import DeferredCall
from darnax.builder.module_globs import expand_to_glob
from darnax.builder.problems import Problems, format_value
from darnax.builder.signatures import qualified_name
from darnax.builder.specification import Optimizer
from darnax.builder.transformations import (
    PROBE,
    check_transformation,
    explain_error,
    inject_numbers,
    make_with_plain_numbers,
    update_in_loop,
)
from darnax.builder.trials import as_abstract
from darnax.learning import group_by_module, trainable_mask
from darnax.orchestrators import Orchestrator
from darnax.phases import Phase


@partial(jax.tree_util.register_dataclass, data_fields=["calls"], meta_fields=[])
@dataclass(frozen=True)
class Transformation:
    """One of Optax's transformations, or several that are applied in order."""

    calls: tuple[DeferredCall, ...]

    def __call__(self, steps_per_epoch: int) -> optax.GradientTransformation:
        """Make the transformation; a single one is not wrapped in a chain."""
        links = [inject_numbers(call, steps_per_epoch) for call in self.calls]
        return links[0] if len(links) == 1 else optax.chain(*links)

    def __str__(self) -> str:
        return ", ".join(qualified_name(call.factory) for call in self.calls)


NOTHING = Transformation((DeferredCall(optax.identity),))
OTHER_GROUPS = "choose an optimizer for this network, as `optimizer=adam`, which has no groups"


@partial(jax.tree_util.register_dataclass, data_fields=["default", "groups"], meta_fields=["globs"])
@dataclass(frozen=True)
class Groups:
    """The optimiser of a network: a transformation for each group of modules, and the default.

    A module belongs to the first group whose glob matches its name.
    """

    default: Transformation
    globs: tuple[str, ...]
    groups: tuple[Transformation, ...]

    def __call__(self, network: Orchestrator, steps_per_epoch: int) -> optax.GradientTransformation:
        """Make the optimiser."""
        groups = {
            glob: group(steps_per_epoch)
            for glob, group in zip(self.globs, self.groups, strict=True)
        }
        return group_by_module(network, self.default(steps_per_epoch), groups)

    def check_values(self, steps_per_epoch: int) -> None:
        """Make every transformation with plain numbers, so that constructors check their values.

        Raises:
            Exception: whatever a constructor raises.
        """
        for transformation in (self.default, *self.groups):
            for call in transformation.calls:
                make_with_plain_numbers(call, steps_per_epoch)

    def keep_one(self, number: int) -> "Groups":
        """Return the optimiser with only one transformation, the default (0) or a group."""
        everything = (self.default, *self.groups)
        default, *groups = (
            transformation if n == number else NOTHING
            for n, transformation in enumerate(everything)
        )
        return replace(self, default=default, groups=tuple(groups))


def read_optimizer(section: Optimizer, names: tuple[str, ...], reader: Reader) -> Groups | None:
    """Return the optimiser of the section, or None with problems noted."""
    reader = replace(reader, epochs=True)
    default = read_transformation(section.default, "optimizer.default", reader)
    groups = {}
    for pattern, node in section.groups.items():
        where = f"optimizer.groups.{pattern}"
        group = read_transformation(node, where, reader)
        with reader.problems.at(where):
            groups[find_group(pattern, names) if names else pattern] = group
    complete = tuple(group for group in groups.values() if group is not None)
    if default is None or len(complete) < len(groups):
        return None
    return Groups(default, tuple(groups), complete)


def find_group(pattern: str, names: tuple[str, ...]) -> str:
    """Return the glob that a key of `groups` stands for.

    Raises:
        ValueError: it matches no module.
    """
    try:
        return expand_to_glob(pattern, names)
    except ValueError as error:
        if str(error).endswith("?"):  # a similar name is suggested
            raise
        raise ValueError(f"{error}; {OTHER_GROUPS}") from error


def read_transformation(node: Any, where: str, reader: Reader) -> Transformation | None:
    """Return the transformation of a node, or None with problems noted.

    The node is a mapping with `_target_`, or several of them by name, which are applied in order.
    """
    if not isinstance(node, Mapping) or not node:
        expected = "expected a mapping with `_target_`, or several in order"
        what = f"got {format_value(node)}, {expected}; "
        is_number = isinstance(node, int | float)
        what += f"a rate is {where}.learning_rate" if is_number else f"to leave it out, ~{where}"
        reader.problems.add(where, what)
        return None
    parts = {f"{where}.{name}": part for name, part in node.items()}
    if "_target_" in node:
        parts = {where: node}
    calls = {path: reader.call(part, path) for path, part in parts.items()}
    checked = []
    for path, call in calls.items():
        with reader.problems.at(path):
            if call is not None:
                checked.append(check_transformation(call))
    return Transformation(tuple(checked)) if len(checked) == len(calls) else None


def check_optimizer(
    groups: Groups, network: Orchestrator, phases: Mapping[str, Phase], problems: Problems
) -> None:
    """Note every transformation that cannot take steps with the shapes of its modules."""
    try:
        try_steps(groups, network, phases)
    except Exception as error:  # transformations may raise anything
        before = len(problems.found)
        # Try each alone to find the one at fault; if each works alone, their combination does not.
        everything = (groups.default, *groups.groups)
        for number, (where, each) in enumerate(zip(group_paths(groups), everything, strict=True)):
            try:
                try_steps(groups.keep_one(number), network, phases)
            except Exception as alone:
                reason = explain_error(str(each), alone)
                problems.add(where, f"cannot take steps with these modules: {reason}")
        if len(problems.found) == before:
            problems.add("optimizer", explain_error("the optimiser", error))


def try_steps(groups: Groups, network: Orchestrator, phases: Mapping[str, Phase]) -> None:
    """Take steps with the network's shapes, with every number traced."""

    def take_steps(groups: Groups, network: Orchestrator) -> Any:
        parameters = eqx.filter(network, trainable_mask(network, phases))
        return update_in_loop(groups(network, PROBE), parameters)

    eqx.filter_eval_shape(take_steps, as_abstract(groups), network)


def group_paths(groups: Groups) -> list[str]:
    """Return the paths of the default and of the groups in a configuration."""
    return ["optimizer.default", *(f"optimizer.groups.{glob}" for glob in groups.globs)]
