"""What a physicist wants to see of a step: how it relaxed, what phases share, what is not yet stable, how large things are."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from darnax.layer_map import LayerMap
from darnax.observables.interface import Metrics
from darnax.orchestrators import Orchestrator
from darnax.relaxation import Relaxation
from darnax.rules import Perceptron
from darnax.shapes import require_equal
from darnax.states import State


def relaxations(phases: Mapping[str, Relaxation]) -> Metrics:
    """Return `relax/<phase>/…`: the steps; of the last, the fraction of units that flipped and of samples that stood still."""
    return {
        f"relax/{name}/{what}": value
        for name, went in phases.items()
        for what, value in went._asdict().items()
    }


def overlaps(network: Orchestrator, ends: Mapping[str, State]) -> Metrics:
    """Return `overlap/<phase>-<phase>/<layer>`: (1/N) Σ_i s_i s'_i between the ends of consecutive phases, over the batch."""
    names = network.layer_map.names_by_edge()
    return {
        f"overlap/{before}-{after}/{names[i, i]}": overlap(old[i], new[i])
        for (before, old), (after, new) in pairwise(ends.items())
        for i in network.hidden()
    }


def overlap(
    before: Float[Array, "batch *size"], after: Float[Array, "batch *size"]
) -> Float[Array, ""]:
    """Return (1/N) Σ_i s_i s'_i, over the batch."""
    require_equal(before=before, after=after)
    return jnp.mean(before * after)


def unstable(
    layer_map: LayerMap, learns: Sequence[bool], state: State, fields: Mapping[int, Array]
) -> Metrics:
    """Return `unstable/<module>`: the fraction of receivers with y·h within the margin, for perceptron modules that learn."""
    rules = [getattr(module, "rule", None) for module in layer_map.modules]
    return {
        f"unstable/{name}": jnp.mean(rule.signal(state[i], fields[i]) != 0, dtype=jnp.float32)
        for (i, _), name, rule, learning in zip(
            layer_map.edges, layer_map.names, rules, learns, strict=True
        )
        if learning and isinstance(rule, Perceptron)
    }


def norms(what: str, layer_map: LayerMap) -> Metrics:
    """Return `<what>/<module>`, the Euclidean norm of a module's floating arrays, for the modules that have any."""
    floating = [
        jax.tree.leaves(eqx.filter(module, eqx.is_inexact_array)) for module in layer_map.modules
    ]
    return {
        f"{what}/{name}": optax.tree.norm(arrays)
        for name, arrays in zip(layer_map.names, floating, strict=True)
        if arrays
    }
