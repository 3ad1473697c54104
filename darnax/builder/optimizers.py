"""From the section `optimizer` to Optax, with every number in the optimiser's state instead of in the compiled step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import equinox as eqx
import jax
import optax

from darnax.builder.calls import DeferredCall, Reader
from darnax.builder.names import glob_for
from darnax.builder.problems import Problems, format_value
from darnax.builder.signatures import qualified_name
from darnax.builder.specification import Optimizer
from darnax.builder.transformations import (
    PROBE,
    check_transformation,
    in_words,
    inject_numbers,
    loop,
    make_with_plain_numbers,
)
from darnax.builder.trials import as_abstract
from darnax.learning import group_by_module, trainable_mask
from darnax.orchestrators import Orchestrator
from darnax.relaxation import Phase


@partial(jax.tree_util.register_dataclass, data_fields=["calls"], meta_fields=[])
@dataclass(frozen=True)
class Transformation:
    """One of Optax's transformations, or several in a row."""

    calls: tuple[DeferredCall, ...]

    def __call__(self, steps_per_epoch: int) -> optax.GradientTransformation:
        """Make it; one alone stays alone."""
        links = [inject_numbers(call, steps_per_epoch) for call in self.calls]
        return links[0] if len(links) == 1 else optax.chain(*links)

    def __str__(self) -> str:
        return ", ".join(qualified_name(call.factory) for call in self.calls)


NOTHING = Transformation((DeferredCall(optax.identity),))


@partial(jax.tree_util.register_dataclass, data_fields=["default", "groups"], meta_fields=["globs"])
@dataclass(frozen=True)
class Groups:
    """From a network and the steps of an epoch to its optimiser: modules by the first glob that means them, or the default."""

    default: Transformation
    globs: tuple[str, ...]
    groups: tuple[Transformation, ...]

    def __call__(self, network: Orchestrator, steps_per_epoch: int) -> optax.GradientTransformation:
        """Make it."""
        made_groups = {
            glob: group(steps_per_epoch)
            for glob, group in zip(self.globs, self.groups, strict=True)
        }
        return group_by_module(network, self.default(steps_per_epoch), made_groups)

    def make_plainly(self, steps_per_epoch: int) -> None:
        """Make it of plain numbers, for the constructors to look at the epochs in them; what is wrong may be any exception."""
        for transformation in (self.default, *self.groups):
            for call in transformation.calls:
                make_with_plain_numbers(call, steps_per_epoch)

    def only(self, number: int) -> "Groups":
        """Return it with one transformation, the default or a group, and nothing in the place of the others."""
        default, *groups = (
            each if n == number else NOTHING for n, each in enumerate((self.default, *self.groups))
        )
        return replace(self, default=default, groups=tuple(groups))


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
    return Groups(
        default, tuple(groups), tuple(group for group in groups.values() if group is not None)
    )


def read_transformation(node: Any, where: str, reader: Reader) -> Transformation | None:
    """Return the transformation that a mapping with `_target_`, or one of such mappings in order, describes."""
    if not isinstance(node, Mapping) or not node:
        reader.problems.add(
            where,
            f"got {format_value(node)}, expected a mapping with `_target_`, or several in order; to leave it out, ~{where}",
        )
        return None
    parts = (
        {where: node}
        if "_target_" in node
        else {f"{where}.{name}": part for name, part in node.items()}
    )
    calls = {path: reader.call(part, path) for path, part in parts.items()}
    found = []
    for path, call in calls.items():
        with reader.problems.at(path):
            if call is not None:
                found.append(check_transformation(call))
    return Transformation(tuple(found)) if len(found) == len(calls) else None


def check_optimizer(
    groups: Groups, network: Orchestrator, phases: Mapping[str, Phase], problems: Problems
) -> None:
    """Note every transformation that cannot take steps with the modules that it is for, given the network's shapes."""
    try:
        try_steps(groups, network, phases)
    except Exception as error:  # of one of them, or of all together
        before = len(problems.found)
        for number, (where, each) in enumerate(
            zip(paths(groups), (groups.default, *groups.groups), strict=True)
        ):
            try:
                try_steps(groups.only(number), network, phases)
            except Exception as alone:
                problems.add(
                    where, f"cannot take steps with these modules: {in_words(str(each), alone)}"
                )
        if len(problems.found) == before:
            problems.add("optimizer", in_words("the optimiser", error))


def try_steps(groups: Groups, network: Orchestrator, phases: Mapping[str, Phase]) -> None:
    """Take steps with the network's shapes, with every number traced."""

    def steps(groups: Groups, network: Orchestrator) -> Any:
        return loop(groups(network, PROBE), eqx.filter(network, trainable_mask(network, phases)))

    eqx.filter_eval_shape(steps, as_abstract(groups), network)


def paths(groups: Groups) -> list[str]:
    """Return where the default and the groups stand in a configuration."""
    return ["optimizer.default", *(f"optimizer.groups.{glob}" for glob in groups.globs)]
