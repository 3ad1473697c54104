"""Basins of attraction: how much of a fixed point may be flipped before the network no longer finds back to it."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from darnax.analysis.names import flat, layers
from darnax.analysis.table import Cell, Table
from darnax.orchestrators import Messages, Orchestrator
from darnax.relaxation import Phase, relax
from darnax.states import State

COLUMNS = ("flipped", "what", "share")
FRACTIONS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
LONGEST = (
    200  # steps to a fixed point; a batch that has not found one by then is compared where it is
)
BACK = 0.99  # overlap with the fixed point from which on it counts as found again


def basins(
    network: Orchestrator,
    state: State,
    messages: Messages,
    rng: Key[Array, ""],
    fractions: Sequence[float] = FRACTIONS,
) -> Table:
    """Relax `state` to its fixed point, flip units of all hidden layers there, relax again, and see what is left.

    A unit is flipped with the probability `flipped`. Rows, for each of these: `overlap` with the fixed point before relaxing
    again and after, the share of samples that are `back` (an overlap of 0.99 or more), and the share with the same `answer`,
    the largest output.
    """
    until = Phase(until="fixed_point", max_steps=LONGEST, messages=messages)
    settle = eqx.filter_jit(lambda s, key: relax(network, s, key, until)[0])
    answer = eqx.filter_jit(
        lambda s, key: jnp.argmax(network.predict(s, key)[0][-1].reshape(len(s[0]), -1), axis=1)
    )
    fixed = settle(state, rng)
    rows: list[tuple[Cell, ...]] = []
    for n, fraction in enumerate(fractions):
        key = jax.random.fold_in(rng, n)
        kicked = flip_units(network, fixed, fraction, key)
        after = settle(kicked, rng)
        overlap = overlaps(network, fixed, after)
        seen = {
            "overlap before": float(overlaps(network, fixed, kicked).mean()),
            "overlap after": float(overlap.mean()),
            "back": float(np.mean(overlap >= BACK)),
            "answer": float(jnp.mean(answer(after, rng) == answer(fixed, rng))),
        }
        rows += [(fraction, what, share) for what, share in seen.items()]
    return Table(COLUMNS, rows)


def flip_units(network: Orchestrator, state: State, fraction: float, rng: Key[Array, ""]) -> State:
    """Return the state with every hidden unit flipped with this probability."""
    for i in network.hidden():
        flip = jax.random.bernoulli(jax.random.fold_in(rng, i), fraction, state[i].shape)
        state = state.replace_val(i, jnp.where(flip, -state[i], state[i]))
    return state


def overlaps(network: Orchestrator, a: State, b: State) -> Float[np.ndarray, " batch"]:
    """Return the overlap of two states over all hidden units, sample by sample."""
    products = [flat(a, i) * flat(b, i) for i in layers(network)]
    return np.asarray(np.mean(np.concatenate(products, axis=1), axis=1))
