"""Faults inside a network: dead synapses, weights of few bits, units that flip at every step."""

from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from darnax.orchestrators import Orchestrator, SequentialOrchestrator
from darnax.orchestrators.interface import ClampedMessages
from darnax.phases import Messages
from darnax.states import State

O = TypeVar("O", bound=Orchestrator)  # noqa: E741
S = TypeVar("S", bound=State)
# Steps that are tried between two levels, as a share of the largest weight; the best one is taken.
STEPS = 100
SMALLEST = 1e-30  # the largest weight of an array of zeros, to divide by


def remove_synapses(network: O, share: float, rng: Key[Array, ""]) -> O:
    """Return the network with every weight set to 0 with the probability `share`.

    Weights are the plastic arrays of all modules, whether they learn or not.

    Raises:
        ValueError: `share` is not from 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"got share={share}, expected a number from 0 to 1")

    def remove(weight: Array, key: Key[Array, ""]) -> Array:
        return jnp.where(jax.random.bernoulli(key, share, weight.shape), 0, weight)

    return change_weights(network, remove, rng)


def quantise(network: O, bits: int) -> O:
    """Return the network with every array of weights rounded to `2^bits` levels.

    The levels are `±(k + ½)Δ`, k = 0, 1, …, as many positive as negative ones; 1 bit keeps the sign
    alone. Δ is that of the smallest squared error, one for each array. Weights of 0, synapses that
    do not exist, stay 0.

    Raises:
        ValueError: `bits` is not 1 or more.
    """
    if bits < 1:
        raise ValueError(f"got bits={bits}, expected 1 or more")

    def of_array(weight: Array, _: Key[Array, ""]) -> Array:
        return round_to_levels(weight, bits)

    return change_weights(network, of_array, jax.random.key(0))


def round_to_levels(weight: Float[Array, "*weight"], bits: int) -> Float[Array, "*weight"]:
    """Return an array rounded to `2^bits` levels, as `quantise` does."""
    half = 2 ** (bits - 1)  # positive levels

    def rounded(step: Array) -> Array:
        level = jnp.clip(jnp.floor(jnp.abs(weight) / step), 0, half - 1) + 0.5
        return jnp.sign(weight) * level * step

    def squared_error(step: Array) -> Array:
        return jnp.sum((weight - rounded(step)) ** 2)

    largest = jnp.maximum(jnp.max(jnp.abs(weight)), SMALLEST)
    # Two levels need a step of at most twice the largest weight, 2^bits of them 2^-bits of that.
    steps = largest * 2 / half * jnp.arange(1, STEPS + 1) / STEPS
    return rounded(steps[jnp.argmin(jax.lax.map(squared_error, steps))])


def change_weights(
    network: O, change: Callable[[Array, Key[Array, ""]], Array], rng: Key[Array, ""]
) -> O:
    """Return the network with `change(weight, key)` in the place of every plastic array."""
    modules = []
    for number, module in enumerate(network.layer_map.modules):
        weights, others = eqx.partition(module, module.plastic())
        leaves, structure = jax.tree.flatten(weights)
        key = jax.random.fold_in(rng, number)
        changed = [change(leaf, jax.random.fold_in(key, i)) for i, leaf in enumerate(leaves)]
        modules.append(eqx.combine(jax.tree.unflatten(structure, changed), others))
    changed_map = network.layer_map.with_modules(modules)
    return eqx.tree_at(lambda one: one.layer_map, network, changed_map)


class UnreliableOrchestrator(SequentialOrchestrator):
    """Sequential updates after each of which every unit flips, `s → −s`, with a probability.

    The readout sees the flipped units of the last step. It is for evaluation: the numbers that it
    draws depend on the batch.

    Args:
        layer_map: of a network whose updates are sequential.
        flip: the probability.

    Example:
        `UnreliableOrchestrator(network.layer_map, 0.02)`
    """

    flip: float = eqx.field(static=True, default=0.0)

    def step(
        self,
        state: S,
        rng: Key[Array, ""],
        messages: Messages = "all",
        clamped: ClampedMessages | None = None,
    ) -> tuple[S, Key[Array, ""]]:
        rng, noise = jax.random.split(rng)
        for i in self.updated(messages):
            rng, key = jax.random.split(rng)
            field = self.field(i, state, key, messages, clamped)
            new = self.next_state(i, state, field)
            flips = jax.random.bernoulli(jax.random.fold_in(noise, i), self.flip, new.shape)
            state = state.replace_val(i, jnp.where(flips, -new, new))
        return state, rng
