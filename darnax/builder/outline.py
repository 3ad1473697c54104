"""The outline of a network: what its picture shows, from its plan and its shapes."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from darnax.builder.network import NetworkSpec
from darnax.connectivity import (
    Connectivity,
    Convolved,
    Dense,
    Gated,
    Sparse,
    SparseSymmetric,
    Symmetric,
)
from darnax.learning import trainable_mask
from darnax.modules import AbstractModule
from darnax.orchestrators import Orchestrator
from darnax.phases import Phase
from darnax.reports.outline import Outline, OutlinedModule


def outline(plan: NetworkSpec, shapes: Orchestrator, train: Mapping[str, Phase]) -> Outline:
    """Return the outline of a network.

    Args:
        plan: of the network.
        shapes: those of the network.
        train: the phases of a training step, which determine what learns.
    """
    layer_map = shapes.layer_map
    spec_of = {spec.edge.name: spec for spec in plan.modules}
    masks = plasticity(shapes, train).layer_map.modules
    modules = []
    for name, module, mask in zip(layer_map.names, layer_map.modules, masks, strict=True):
        spec = spec_of[name]
        found = OutlinedModule(
            name=name,
            sender=spec.edge.sender,
            receiver=spec.edge.receiver,
            kind=type(module).__name__,
            connectivity=describe_connectivity(module, spec.call.arguments),
            parameters=any(jnp.issubdtype(x.dtype, jnp.inexact) for x in jax.tree.leaves(module)),
            plastic=any(jax.tree.leaves(mask)),
        )
        modules.append(found)
    sizes = zip(plan.buffers.names, plan.buffers.sizes, strict=True)
    return Outline(tuple(sizes), tuple(modules))


KINDS: Mapping[type, str] = {
    Dense: "dense",
    Sparse: "sparse",
    Symmetric: "symmetric",
    SparseSymmetric: "sparse symmetric",
}


def plasticity(shapes: Orchestrator, phases: Mapping[str, Phase]) -> Orchestrator:
    """Return the network's shapes with every array replaced by whether training may change it."""
    # A module's `plastic` tests whether arrays are floating, which needs tracers, not bare shapes.
    return eqx.filter_eval_shape(lambda network: trainable_mask(network, phases), shapes)


def describe_connectivity(module: AbstractModule, arguments: Mapping[str, Any]) -> str:
    """Return the inputs of one receiving unit in a few words."""
    connectivity = getattr(module, "connectivity", None)
    if connectivity is None:
        return "unit to unit" if hasattr(module, "strength") else ""
    return describe_layout(connectivity, arguments)


def describe_layout(connectivity: Connectivity, arguments: Mapping[str, Any]) -> str:
    """Return the inputs of one receiving unit of a layout in a few words."""
    if isinstance(connectivity, Gated):
        return f"gated {describe_layout(connectivity.inner, arguments)}"
    if isinstance(connectivity, Convolved):
        return f"{connectivity.width}×{connectivity.width} window"
    patch = arguments.get("patch")
    if isinstance(connectivity, Sparse) and patch:
        # Unless the fan-in is a multiple of the patch, a unit receives a random part of it.
        whole = connectivity.fan_in % (patch * patch) == 0
        return f"{patch}×{patch} patch" if whole else f"{connectivity.fan_in} of {patch}×{patch}"
    kind = KINDS.get(type(connectivity), type(connectivity).__name__)
    return f"{kind} {connectivity.fan_in}" if hasattr(connectivity, "fan_in") else kind
