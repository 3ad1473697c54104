"""What a configuration would make, told without making it: sizes, counts, and what learns where."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp

from darnax.builder.build import Built, build_parts, plasticity
from darnax.builder.network import ModuleSpec
from darnax.builder.optimizers import Groups
from darnax.builder.rates import kinds_of, rate_of, source_of
from darnax.builder.transformations import PROBE
from darnax.builder.wiring import Size
from darnax.connectivity import Convolved, Dense, Sparse
from darnax.learning import init_optimizer, selected_by_phase
from darnax.modules import AbstractModule
from darnax.relaxation import Phase


@dataclass(frozen=True)
class ModuleRow:
    """One module.

    Args:
        name: of the module.
        sender, receiver: positions of its buffers; the same for a layer.
        kind: its class.
        connectivity: who hears whom, in a few words; empty where there is no weight.
        parameters, plastic: its floating numbers, and how many of them training may change.
        rule: the class of its rule; empty without one.
        learns: the phases of training at whose end it learns.
        optimizer, rate: Optax's transformations that make its steps, and their learning rate where it can be told; empty
            where nothing learns.
        source: the key of the section `optimizer` that they come from: `default`, or `groups.` and its name.
    """

    name: str
    sender: int
    receiver: int
    kind: str
    connectivity: str
    parameters: int
    plastic: int
    rule: str
    learns: tuple[str, ...]
    optimizer: str = ""
    rate: str = ""
    source: str = ""


@dataclass(frozen=True)
class Description:
    """A run before it starts; `memory` is in bytes, by what takes it, for all replicas."""

    name: str
    buffers: tuple[tuple[str, Size], ...]
    modules: tuple[ModuleRow, ...]
    train: Mapping[str, Phase]
    infer: Mapping[str, Phase]
    data: str
    batch_size: int
    replicas: int
    memory: Mapping[str, int]

    @property
    def parameters(self) -> int:
        """All floating numbers of the network."""
        return sum(module.parameters for module in self.modules)

    @property
    def plastic(self) -> int:
        """Those that training may change."""
        return sum(module.plastic for module in self.modules)


def describe(config: Mapping[str, Any]) -> Description:
    """Return what a plain, resolved configuration would make; nothing is compiled and no data are touched.

    Raises:
        RequestError: as `build` does.
    """
    result = build_parts(config)
    experiment, plan, network = result
    seats = {seat.place.name: seat for seat in plan.seats}
    masks = plasticity(network, experiment.train).layer_map.modules
    layer_map = network.layer_map
    words = tuple(config["optimizer"].get("groups") or ())
    rows = [
        with_steps(
            module_row(
                seats[name],
                module,
                mask,
                {
                    p: selected_by_phase(layer_map, phase)[n]
                    for p, phase in experiment.train.items()
                },
            ),
            cast(Groups, experiment.make_optimizer),
            words,
        )
        for n, (name, module, mask) in enumerate(
            zip(layer_map.names, layer_map.modules, masks, strict=True)
        )
    ]
    return Description(
        name=experiment.name,
        buffers=tuple(zip(plan.buffers.names, plan.buffers.sizes, strict=True)),
        modules=tuple(rows),
        train=experiment.train,
        infer=experiment.infer,
        data=experiment.data.name,
        batch_size=experiment.data.batch_size,
        replicas=experiment.runner.replicas,
        memory={what: size * experiment.runner.replicas for what, size in memory(result).items()},
    )


def module_row(
    seat: ModuleSpec, module: AbstractModule, mask: Any, learns: Mapping[str, bool]
) -> ModuleRow:
    """Return the row of one module, given its shapes and which of its arrays learn."""
    arrays = [
        (leaf, moves)
        for leaf, moves in zip(jax.tree.leaves(module), jax.tree.leaves(mask), strict=True)
    ]
    floating = [
        (math.prod(leaf.shape), moves)
        for leaf, moves in arrays
        if jnp.issubdtype(leaf.dtype, jnp.inexact)
    ]
    plastic = sum(count for count, moves in floating if moves)
    rule = getattr(module, "rule", None)
    return ModuleRow(
        name=seat.place.name,
        sender=seat.place.sender,
        receiver=seat.place.receiver,
        kind=type(module).__name__,
        connectivity=describe_connectivity(module, seat.call.arguments),
        parameters=sum(count for count, _ in floating),
        plastic=plastic,
        rule="" if rule is None else type(rule).__name__,
        learns=tuple(phase for phase, at_its_end in learns.items() if at_its_end and plastic),
    )


def with_steps(row: ModuleRow, optimizer: Any, words: Sequence[str]) -> ModuleRow:
    """Return the row with what makes the module's steps, if it learns."""
    if not row.learns:
        return row
    assert isinstance(optimizer, Groups)  # the builder's own
    source, transformation = source_of(row.name, optimizer, words)
    return replace(
        row, optimizer=kinds_of(transformation), rate=rate_of(transformation), source=source
    )


def describe_connectivity(module: AbstractModule, arguments: Mapping[str, Any]) -> str:
    """Return the inputs of one receiving unit in a few words."""
    connectivity = getattr(module, "connectivity", None)
    if connectivity is None:
        return "unit to unit" if hasattr(module, "strength") else ""
    if isinstance(connectivity, Convolved):
        return f"{connectivity.width}×{connectivity.width} window"
    if isinstance(connectivity, Sparse) and (patch := arguments.get("patch")):
        whole = connectivity.fan_in % (patch * patch) == 0
        return f"{patch}×{patch} patch" if whole else f"{connectivity.fan_in} of {patch}×{patch}"
    kind = (
        "dense"
        if isinstance(connectivity, Dense)
        else "sparse"
        if isinstance(connectivity, Sparse)
        else type(connectivity).__name__
    )
    return f"{kind} {connectivity.fan_in}" if hasattr(connectivity, "fan_in") else kind


def memory(result: Built) -> dict[str, int]:
    """Return the bytes that one replica keeps while it trains."""
    experiment, _, network = result
    optimizer = experiment.make_optimizer(network, PROBE)
    opt_state = eqx.filter_eval_shape(
        lambda n: init_optimizer(n, optimizer, experiment.train), network
    )
    return {
        "network": count_bytes(network),
        "optimizer": count_bytes(opt_state),
        "states": count_bytes(experiment.state) * experiment.data.batch_size,
    }


def count_bytes(tree: Any) -> int:
    """Return the bytes of all arrays in a tree."""
    return sum(
        math.prod(leaf.shape) * leaf.dtype.itemsize
        for leaf in jax.tree.leaves(tree)
        if hasattr(leaf, "shape")
    )
