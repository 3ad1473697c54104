"""Relaxation: phases, and the only loop over time steps."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from darnax.batch_shares import draw_for_batch
from darnax.orchestrators import Orchestrator
from darnax.orchestrators.interface import ClampedMessages, ThirdFactors
from darnax.phases import LONGEST, Phase
from darnax.states import State

S = TypeVar("S", bound=State)
MOST_PARTS = 16  # into which `any_true` divides a buffer
FLIP_TOLERANCE = 1e-4  # a change up to this is no flip; units of ±1 change by 0 or 2


class Relaxation(NamedTuple):
    """Summary of a relaxation.

    Args:
        steps: their number.
        flips: the fraction of the hidden units that the last step changed, over the batch.
        converged: the fraction of the examples in which the last step changed no unit.
        changes: hidden buffer -> the fraction of its units that a step changed, over the batch,
            summed over the steps; empty unless they are counted.
    """

    steps: Float[Array, ""]
    flips: Float[Array, ""]
    converged: Float[Array, ""]
    changes: Mapping[int, Float[Array, ""]] = {}


class PhaseResult(NamedTuple):
    """A phase at its end.

    Args:
        state: of the network.
        fields: layer -> its field, from the messages of the phase.
        relaxation: how it went.
        third_factors: edge -> its message, for edges that modules name as their third factor.
    """

    state: State
    fields: dict[int, Array]
    relaxation: Relaxation
    third_factors: ThirdFactors | None = None


def relax(
    network: Orchestrator,
    state: S,
    rng: Key[Array, ""],
    phase: Phase,
    clamped: ClampedMessages | None = None,
    axis: str | None = None,
    *,
    count_changes: bool = False,
) -> tuple[S, Key[Array, ""], Relaxation]:
    """Take the steps of `phase`; return the state, a fresh key, and a summary.

    The messages of the input and the output buffer, which no step changes, are computed once, or
    not at all if `clamped` (the result of `network.clamped_messages`) is given. The state is the
    one that `phase.start` and what the phase shows ask for, except that `blank` and `random` are
    applied here; see `darnax.schedule.run_phases`. `axis` is the name of a mesh axis whose devices
    share the batch: what a phase draws for an example does not depend on their number. With
    `count_changes`, which takes time, `changes` is counted.
    """
    if clamped is None:
        clamped = network.clamped_messages(state, rng)
    rng, noise = jax.random.split(rng)
    state = reset_hidden(state, phase, noise, axis)

    def step(carry: LoopCarry) -> LoopCarry:
        # The key depends on the number of the step, not on the key of the previous step: the
        # compiler then removes it where no module draws random numbers.
        key = jax.random.fold_in(noise, carry.steps)
        new, _ = network.step(carry.state, key, phase.messages, clamped)
        after = LoopCarry(new, carry.state, carry.steps + 1, carry.changes)
        return add_changes(network, after) if count_changes else after

    def step_and_compare(loop: tuple[LoopCarry, Array]) -> tuple[LoopCarry, Array]:
        carry = step(loop[0])
        changed = [any_true(buffer) for buffer in changed_units(network, carry)]
        return carry, jnp.any(jnp.array(changed, bool))

    def must_go_on(loop: tuple[LoopCarry, Array]) -> Array:
        carry, has_changed = loop
        return (carry.steps < phase.length) & has_changed

    changes = {i: jnp.zeros(()) for i in network.hidden()} if count_changes else {}
    carry = LoopCarry(state, state, jnp.zeros((), jnp.int32), changes)
    if phase.until is None:
        carry = jax.lax.fori_loop(0, phase.length, lambda _, now: step(now), carry)
    else:
        start = carry, jnp.array(True)
        carry, _ = jax.lax.while_loop(must_go_on, step_and_compare, start)
    flipped = flipped_fractions(network, carry)
    steps = carry.steps.astype(jnp.float32)
    converged = jnp.mean(flipped == 0, dtype=jnp.float32)
    return carry.state, rng, Relaxation(steps, jnp.mean(flipped), converged, carry.changes)


def reset_hidden(state: S, phase: Phase, rng: Key[Array, ""], axis: str | None = None) -> S:
    """Return the state with the hidden buffers that a phase starts with, `blank` or `random`."""
    if phase.start not in ("blank", "random"):
        return state
    blank = state.init(state[0], state[-1])
    if phase.start == "blank":
        return blank
    for i in range(1, len(state) - 1):
        key = jax.random.fold_in(jax.random.fold_in(rng, LONGEST - 1), i)
        examples, *size = blank[i].shape
        draw = partial(draw_signs, key, tuple(size))
        blank = blank.replace_val(i, draw_for_batch(draw, examples, axis))
    return blank


def draw_signs(key: Key[Array, ""], size: tuple[int, ...], examples: int) -> Array:
    """Return ±1 with equal probability, for every unit of every example."""
    return jax.random.rademacher(key, (examples, *size), jnp.float32)


class LoopCarry(NamedTuple):
    """The carry of the loop: the state, the one before the last step, the steps taken, changes."""

    state: Any
    before: Any
    steps: Array
    changes: dict[int, Array]


def changed_units(network: Orchestrator, carry: LoopCarry) -> list[Bool[Array, "batch *size"]]:
    """Return, per hidden buffer, which units the last step changed."""
    return [jnp.abs(carry.state[i] - carry.before[i]) > FLIP_TOLERANCE for i in network.hidden()]


def add_changes(network: Orchestrator, carry: LoopCarry) -> LoopCarry:
    """Return the carry with the fraction of units that the last step changed added to `changes`."""
    last = zip(network.hidden(), changed_units(network, carry), strict=True)
    changes = {i: carry.changes[i] + jnp.mean(units, dtype=jnp.float32) for i, units in last}
    return carry._replace(changes=changes)


def any_true(units: Bool[Array, "batch *size"]) -> Bool[Array, ""]:
    """Return whether any unit of any sample is true.

    The result is that of `jnp.any(units)`, which XLA compiles to several passes that cost half a
    sweep. Transposed to (units, batch), the layout in which sparse layers store their states,
    and reduced over equal parts first, it becomes one pass of vector instructions.
    """
    columns = units.reshape(units.shape[0], -1).T.astype(jnp.int32)
    parts = next(n for n in range(MOST_PARTS, 0, -1) if len(columns) % n == 0)
    combined = jnp.bitwise_or.reduce(columns.reshape(parts, -1), axis=0)
    # The barrier keeps XLA from merging the two reductions into one.
    return jnp.bitwise_or.reduce(jax.lax.optimization_barrier(combined)) != 0


def flipped_fractions(network: Orchestrator, carry: LoopCarry) -> Float[Array, " batch"]:
    """Return, per sample, the fraction of hidden units that the last step changed."""
    units = [buffer.reshape(buffer.shape[0], -1) for buffer in changed_units(network, carry)]
    if not units:
        return jnp.zeros(carry.state[0].shape[0], jnp.float32)
    return jnp.mean(jnp.concatenate(units, axis=1), axis=1, dtype=jnp.float32)
