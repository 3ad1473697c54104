"""Basins of attraction: whether a fixed point is recovered after some units are flipped."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from darnax.analysis.names import flatten, layers
from darnax.analysis.table import Cell, Table
from darnax.orchestrators import Messages, Orchestrator
from darnax.phases import Phase
from darnax.relaxation import relax
from darnax.states import State

COLUMNS = ("flipped", "what", "share")
FRACTIONS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
LONGEST = 200  # steps to a fixed point; a batch that needs more is compared as it then is
BACK = 0.99  # the overlap with the fixed point from which on it counts as found again


def basins(
    network: Orchestrator,
    state: State,
    messages: Messages,
    rng: Key[Array, ""],
    fractions: Sequence[float] = FRACTIONS,
) -> Table:
    """Relax `state` to its fixed point, flip hidden units there, relax again, and compare.

    Every unit is flipped with the probability `flipped`. The rows for each probability are the
    overlap with the fixed point before relaxing again and after (`overlap before`, `overlap
    after`), the fraction of samples that are `back` (an overlap of 0.99 or more), and the fraction
    whose prediction, the largest output, is the same (`answer`).
    """
    until = Phase(until="fixed_point", max_steps=LONGEST, messages=messages)

    @eqx.filter_jit
    def relax_to_end(state: State, key: Key[Array, ""]) -> State:
        settled, _, _ = relax(network, state, key, until)
        return settled

    @eqx.filter_jit
    def classify(state: State, key: Key[Array, ""]) -> Array:
        predicted, _ = network.predict(state, key)
        return jnp.argmax(predicted[-1].reshape(len(state[0]), -1), axis=1)

    fixed = relax_to_end(state, rng)
    rows: list[tuple[Cell, ...]] = []
    for n, fraction in enumerate(fractions):
        key = jax.random.fold_in(rng, n)
        perturbed = flip_units(network, fixed, fraction, key)
        # With the key from before: only the flipped units may make a difference.
        after = relax_to_end(perturbed, rng)
        overlap = overlaps(network, fixed, after)
        values = {
            "overlap before": float(overlaps(network, fixed, perturbed).mean()),
            "overlap after": float(overlap.mean()),
            "back": float(np.mean(overlap >= BACK)),
            "answer": float(jnp.mean(classify(after, rng) == classify(fixed, rng))),
        }
        rows += [(fraction, name, value) for name, value in values.items()]
    return Table(COLUMNS, rows)


def flip_units(network: Orchestrator, state: State, fraction: float, rng: Key[Array, ""]) -> State:
    """Return the state with every hidden unit flipped with this probability."""
    for i in network.hidden():
        flip = jax.random.bernoulli(jax.random.fold_in(rng, i), fraction, state[i].shape)
        state = state.replace_val(i, jnp.where(flip, -state[i], state[i]))
    return state


def overlaps(network: Orchestrator, a: State, b: State) -> Float[np.ndarray, " batch"]:
    """Return the overlap of two states over all hidden units, sample by sample."""
    products = [flatten(a, i) * flatten(b, i) for i in layers(network)]
    return np.asarray(np.mean(np.concatenate(products, axis=1), axis=1))
