"""Measures what faults inside a network do: flips of units, dead synapses, weights of few bits."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from darnax.activations import sign
from darnax.analysis.capacity import optimal_couplings
from darnax.analysis.faults import (
    UnreliableOrchestrator,
    quantise,
    remove_synapses,
    round_to_levels,
)
from darnax.orchestrators import Orchestrator
from reproduction.memory import draw_patterns
from reproduction.receipts import SEEDS, Run, read_runs, require_runs
from reproduction.spread import format_spread
from reproduction.trained import open_trained

Rows = list[dict[str, Any]]
NETWORKS = {
    "`mnist_chain`, six steps": "+experiment=mnist_chain data.validation=0",
    "the same, one step": "+experiment=mnist_chain dynamics.train.recall.steps=1 "
    "dynamics.infer.recall.steps=1 data.validation=0",
    "`mnist_error`": "+experiment=mnist_error data.validation=0",
}
FLIPS, DEAD, BITS = "units that flip at every step", "dead synapses", "bits of a weight"
FAULTS = {
    FLIPS: (0.0, 0.02, 0.05, 0.1, 0.2, 0.3),
    DEAD: (0.1, 0.2, 0.3, 0.5, 0.7),
    BITS: (4, 3, 2, 1),
}
UNITS, LOAD, CUE, STEPS = 1000, 0.25, 0.1, 30  # of the memory


def faults(outputs: Path) -> Rows:
    """Faults inside trained networks: test accuracy, and the fraction of patterns recalled.

    MNIST, networks trained without faults. Units flip with this probability after every update, and
    the readout sees the flipped units. A dead synapse has the weight 0; weights of b bits have 2^b
    levels of equal distance, with that of the least squared error. The memory has 1000 units and
    250 random patterns with the largest stability; cues have 10 % of the entries flipped, and a
    last step without flips of its own follows 30, or none. Mean ± standard deviation over three
    seeds.
    """
    found, columns = read_runs(outputs), {}
    for name, overrides in NETWORKS.items():
        runs = require_runs(found, outputs, overrides)
        columns[name] = [accuracies(run, seed) for run, seed in zip(runs, SEEDS, strict=True)]
    for name, steps in (("memory, 31 steps", STEPS), ("memory, one step", 0)):
        columns[name] = [recalled_fractions(seed, steps) for seed in SEEDS]
    rows = []
    for kind, levels in FAULTS.items():
        for level in levels:
            cells = {}
            for name, of_seeds in columns.items():
                digits = 3 if name.startswith("memory") else 4
                cells[name] = format_spread([one[kind, level] for one in of_seeds], digits)
            rows.append({"fault": kind, "level": level} | cells)
    return rows


def accuracies(run: Run, seed: int) -> dict[tuple[str, float], float]:
    """Return the test accuracy of a trained network under every fault."""
    trained = open_trained(run, "the measurement of faults")
    network, phases = trained.network, trained.experiment.infer
    key = jax.random.key(seed)
    changes: Mapping[str, Callable[[Any], Orchestrator]] = {
        FLIPS: lambda level: UnreliableOrchestrator(network.layer_map, level),
        DEAD: lambda level: remove_synapses(network, level, key),
        BITS: lambda level: quantise(network, level),
    }
    return {
        (kind, level): trained.accuracy(change(level), trained.images, phases, key)
        for kind, change in changes.items()
        for level in FAULTS[kind]
    }


def recalled_fractions(seed: int, steps: int) -> dict[tuple[str, float], float]:
    """Return the fraction of patterns of a memory that are recalled whole, under every fault."""
    patterns = draw_patterns(UNITS, LOAD, seed)
    couplings = optimal_couplings(patterns, steps=400)
    key = jax.random.key(seed)
    cues = jnp.where(jax.random.bernoulli(key, CUE, patterns.shape), -patterns, patterns)

    @jax.jit
    def recalled(couplings: jax.Array, flip: float) -> jax.Array:
        def step(states: jax.Array, key: jax.Array) -> tuple[jax.Array, None]:
            new = sign(states @ couplings)
            return jnp.where(jax.random.bernoulli(key, flip, new.shape), -new, new), None

        states, _ = jax.lax.scan(step, cues, jax.random.split(jax.random.fold_in(key, 1), steps))
        return jnp.mean(jnp.all(sign(states @ couplings) == patterns, axis=1))

    found: dict[tuple[str, float], float] = {}
    for flip in FAULTS[FLIPS]:
        found[FLIPS, flip] = float(recalled(couplings, flip))
    for share in FAULTS[DEAD]:
        alive = jax.random.bernoulli(jax.random.fold_in(key, 2), 1 - share, couplings.shape)
        found[DEAD, share] = float(recalled(couplings * alive, 0.0))
    for bits in FAULTS[BITS]:
        found[BITS, bits] = float(recalled(round_to_levels(couplings, int(bits)), 0.0))
    return found
