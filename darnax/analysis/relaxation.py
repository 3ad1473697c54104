"""Relaxation curves: the fraction of units that flip at every step of every phase."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Key

from darnax.analysis.names import layers
from darnax.analysis.table import Cell, Table
from darnax.orchestrators import Orchestrator
from darnax.phases import Phase
from darnax.relaxation import FLIP_TOLERANCE, relax, reset_hidden
from darnax.schedule import PhaseStarts
from darnax.states import State

COLUMNS = ("dynamics", "layer", "phase", "step", "flips")

relax_compiled = eqx.filter_jit(relax)


def curves(
    network: Orchestrator,
    state: State,
    dynamics: str,
    phases: Mapping[str, Phase],
    rng: Key[Array, ""],
    clean: Float[Array, "batch *in"] | None = None,
) -> Table:
    """Return the fraction of a layer's units that each step changed, over the batch of `state`.

    It is 1 in the first step of a phase that starts `blank`, which sets every unit of ±1.
    """
    rows: list[tuple[Cell, ...]] = []
    for phase, step, before, after in iterate_steps(network, state, phases, rng, clean):
        for i, layer in layers(network).items():
            rows.append((dynamics, layer, phase, step, flipped_fraction(before[i], after[i])))
    return Table(COLUMNS, rows)


def flipped_fraction(before: Array, after: Array) -> float:
    """Return the fraction of the units of a buffer that a step changed, over its batch."""
    return float(np.mean(np.abs(np.asarray(after) - np.asarray(before)) > FLIP_TOLERANCE))


def iterate_steps(
    network: Orchestrator,
    state: State,
    phases: Mapping[str, Phase],
    rng: Key[Array, ""],
    clean: Float[Array, "batch *in"] | None = None,
) -> Iterator[tuple[str, int, State, State]]:
    """Yield phase, step (counted over all phases), and the states before and after the step.

    A phase with `until` ends after the first step without flips. `clean` is the input of phases
    with `input: clean`; by default that of `state`.
    """
    starts = PhaseStarts(network, state, rng, clean)
    step = 0
    for name, phase in phases.items():
        state, clamped = starts.begin(phase, state)
        state = reset_hidden(state, phase, rng)
        # Step by step, since a phase as a whole returns its last state only.
        once = replace(phase, steps=1, until=None, max_steps=None, start="keep")
        for _ in range(phase.length):
            before, step = state, step + 1
            state, rng, summary = relax_compiled(network, before, rng, once, clamped)
            yield name, step, before, state
            if phase.until is not None and float(summary.flips) == 0:
                break
        output = network.layer_map.output
        scores = network.field(output, state, rng, phase.messages, clamped)
        starts.record_end(name, state, scores)
