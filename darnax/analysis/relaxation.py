"""Relaxation curves: how many units flip at every step of every phase."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import equinox as eqx
import numpy as np
from jaxtyping import Array, Key

from darnax.analysis.names import flat, layers
from darnax.analysis.table import Cell, Table
from darnax.orchestrators import Orchestrator
from darnax.relaxation import FLIP_TOLERANCE, Phase, relax
from darnax.states import State

COLUMNS = ("dynamics", "layer", "phase", "step", "flips")

one_step = eqx.filter_jit(relax)


def curves(
    network: Orchestrator,
    state: State,
    dynamics: str,
    phases: Mapping[str, Phase],
    rng: Key[Array, ""],
) -> Table:
    """Return the fraction of a layer's units that each step changed, over the batch of `state`.

    A phase that starts `blank` sets every unit in its first step: 1.
    """
    rows: list[tuple[Cell, ...]] = []
    for phase, step, before, after in walk(network, state, phases, rng):
        for i, layer in layers(network).items():
            flips = np.mean(np.abs(flat(after, i) - flat(before, i)) > FLIP_TOLERANCE)
            rows.append((dynamics, layer, phase, step, float(flips)))
    return Table(COLUMNS, rows)


def walk(
    network: Orchestrator, state: State, phases: Mapping[str, Phase], rng: Key[Array, ""]
) -> Iterator[tuple[str, int, State, State]]:
    """Yield phase, step (counted over all phases), and the states before and after it; one that stands still ends `until`."""
    held = network.clamped_messages(state, rng)
    step = 0
    for name, phase in phases.items():
        if phase.start == "blank":
            state = state.init(state[0], state[-1])
        once = replace(phase, steps=1, until=None, max_steps=None, start="keep")
        for _ in range(phase.length):
            before, step = state, step + 1
            state, rng, went = one_step(network, before, rng, once, held)
            yield name, step, before, state
            if phase.until is not None and float(went.flips) == 0:
                break
