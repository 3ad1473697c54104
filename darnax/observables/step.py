"""Metrics of a training step: relaxation, overlaps between phases, unstable units, norms."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from darnax.layer_map import LayerMap
from darnax.modules.binary import is_binary
from darnax.observables.interface import Metrics
from darnax.orchestrators import Orchestrator
from darnax.relaxation import Relaxation
from darnax.rules import Perceptron
from darnax.shapes import require_equal
from darnax.states import State


def relaxations(phases: Mapping[str, Relaxation]) -> Metrics:
    """Return `relax/<phase>/{flips,steps,converged}` of every phase.

    The fraction of units that flipped in the last step, the number of steps, and the fraction of
    samples in which no unit flipped in the last step.
    """
    metrics = {}
    for phase, relaxation in phases.items():
        for what in ("flips", "steps", "converged"):
            metrics[f"relax/{phase}/{what}"] = getattr(relaxation, what)
    return metrics


def overlaps(network: Orchestrator, ends: Mapping[str, State]) -> Metrics:
    """Return `overlap/<phase>-<phase>/<layer>` for consecutive phases and all hidden layers.

    That of the states at the ends of the two phases, as in `overlap`.
    """
    names = network.layer_map.names_by_edge()
    metrics = {}
    for (before, old), (after, new) in pairwise(ends.items()):
        for i in network.hidden():
            if is_binary(network.layer_map[i, i]):
                # The same number; the lengths would cost 15 % of a step of 2000 sparse units.
                found = jnp.mean(old[i] * new[i])
            else:
                found = overlap(old[i], new[i])
            metrics[f"overlap/{before}-{after}/{names[i, i]}"] = found
    return metrics


def overlap(
    before: Float[Array, "batch *size"], after: Float[Array, "batch *size"]
) -> Float[Array, ""]:
    """Return `Σ_i s_i s'_i / (‖s‖ ‖s'‖)`, averaged over the batch.

    For units of ±1 it is `(1/N) Σ_i s_i s'_i`. It is 0 where all units of a state are 0.
    """
    require_equal(before=before, after=after)
    units = tuple(range(1, before.ndim))
    products = jnp.sum(before * after, axis=units)
    lengths = jnp.sqrt(jnp.sum(before**2, axis=units)) * jnp.sqrt(jnp.sum(after**2, axis=units))
    return jnp.mean(products / jnp.where(lengths > 0, lengths, 1))


def unstable(
    layer_map: LayerMap, learns: Sequence[bool], state: State, fields: Mapping[int, Array]
) -> Metrics:
    """Return `unstable/<module>` for modules that learn by the perceptron rule.

    The fraction of receiving units with y·h ≤ κ, averaged over the batch.

    Args:
        layer_map: with all modules.
        learns: for each module whether it learns at the end of this phase.
        state: at the end of the phase.
        fields: receiver -> its field.
    """
    metrics = {}
    entries = zip(layer_map.edges, layer_map.names, layer_map.modules, learns, strict=True)
    for (receiver, _), name, module, learning in entries:
        rule = getattr(module, "rule", None)
        if learning and isinstance(rule, Perceptron):
            is_unstable = rule.signal(state[receiver], fields[receiver]) != 0
            metrics[f"unstable/{name}"] = jnp.mean(is_unstable, dtype=jnp.float32)
    return metrics


def norms(what: str, layer_map: LayerMap) -> Metrics:
    """Return `<what>/<module>`: the Euclidean norm of all floating arrays of a module.

    Modules without floating arrays are left out.
    """
    metrics = {}
    for name, module in zip(layer_map.names, layer_map.modules, strict=True):
        arrays = jax.tree.leaves(eqx.filter(module, eqx.is_inexact_array))
        if arrays:
            metrics[f"{what}/{name}"] = optax.tree.norm(arrays)
    return metrics
