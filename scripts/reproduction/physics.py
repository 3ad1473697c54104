"""Measures the physics of the networks: fixed points, convergence, accuracy by steps of recall.

The docstring of a measurement is the text above its table on the results page.
"""

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from math import erf, sqrt
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from darnax.atomic import write_atomically
from darnax.layer_map import LayerMap
from darnax.modules import Ferromagnetic, OutputLayer, RecurrentDiscrete
from darnax.orchestrators import (
    AsynchronousOrchestrator,
    ParallelOrchestrator,
    SequentialOrchestrator,
)
from darnax.phases import Phase
from darnax.relaxation import relax
from darnax.runner.environment import describe_environment
from darnax.states import SequentialState
from darnax.tracking.strict_json import encode
from reproduction.class_completion import (
    class_by_rounds,
    completion_against_class_alone,
    completion_by_readout,
    completion_by_steps,
    completion_differences,
    completion_pixels_by_steps,
    completion_with_class,
    completion_with_class_harder,
)
from reproduction.classifiers import (
    classifiers_by_steps,
    classifiers_by_steps_entangled,
    classifiers_by_steps_fashion,
    classifiers_compared,
    classifiers_differences,
)
from reproduction.completion import completion
from reproduction.curves import curves
from reproduction.disturbance import recall
from reproduction.faults import faults
from reproduction.memory import (
    memory_capacity,
    memory_capacity_by_size,
    memory_capacity_of_all_units,
    memory_map,
    memory_patterns,
)
from reproduction.memory_figures import (
    memory_basins,
    memory_kinds,
    memory_stored,
    memory_stored_patterns,
)
from reproduction.memory_load import memory_by_load
from reproduction.memory_replay import memory_replayed
from reproduction.memory_rules import memory_digits_without_hidden_units, memory_stored_by_rule
from reproduction.memory_share import memory_by_share
from reproduction.memory_steps import memory_by_steps
from reproduction.memory_time import memory_time
from reproduction.noise import noise_and_occlusion, trained_on_noise
from reproduction.recurrence import (
    couplings_by_steps,
    couplings_on_disturbed_images,
    couplings_on_flipped_inputs,
    couplings_that_learn,
    rules_by_steps,
)
from reproduction.robustness import robustness
from reproduction.rules import cost_of_rules, cost_of_rules_on_fashion, readout_by_goodness
from reproduction.sparse_memory import memory_capacity_by_level, memory_sparse

Rows = list[dict[str, Any]]
ORDERS: Mapping[str, Callable[..., Any]] = {
    "all at once": ParallelOrchestrator,
    "layer by layer": SequentialOrchestrator,
    "random order, 10 turns": AsynchronousOrchestrator,
    "random order, 50 turns": partial(AsynchronousOrchestrator, turns=50),
}
UNITS, NETWORKS, LONGEST = 1000, 5, 300


def fixed_points(_: Path, units: int = 14, draws: int = 1000) -> Rows:
    """Number of stable states among all 2^14 states of dense random networks.

    Its mean is (2Φ(J_D/σ))^N with σ² = (N − 1)/N.
    """
    all_states = 1 - 2 * jnp.asarray(np.indices((2,) * units).reshape(units, -1).T, jnp.float32)
    half = all_states[: 2 ** (units - 1)]  # −s is stable if s is
    rows = []
    for j_d in (0.0, 0.25, 0.5, 0.75, 1.0):

        def count(key: Any, j_d: float = j_d) -> Any:
            layer = RecurrentDiscrete(units, j_d, key=key)
            return 2 * jnp.sum(jnp.all(layer.activation(layer(half)) == half, axis=1))

        count_all = jax.jit(partial(jax.lax.map, count))
        counts = np.asarray(count_all(jax.random.split(jax.random.key(23), draws)))
        expected = (1 + erf(j_d / sqrt((units - 1) / units) / sqrt(2))) ** units
        error = counts.std(ddof=1) / sqrt(draws)
        rows.append(
            {
                "J_D": j_d,
                "counted": f"{counts.mean():.2f} ± {error:.2f}",
                "(2Φ(J_D/σ))^N": f"{expected:.2f}",
            }
        )
    return rows


def convergence(_: Path) -> Rows:
    """Number of dense random networks that reach a fixed point, from a random state.

    Of five networks of 1000 units, in at most 300 steps.
    """
    rows = []
    for j_d in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        row: dict[str, Any] = {"J_D": j_d}
        for name, order in ORDERS.items():
            if name == "layer by layer":  # with one layer the same as all at once
                continue
            make = partial(make_chain, order, depth=1, j_d=j_d, strength=0.0)
            row[name] = count_converged(make, 1)
        rows.append(row)
    return rows


def coupling(_: Path) -> Rows:
    """The same for two layers of 1000 units without self-coupling.

    Each unit is coupled to the same unit of the other layer with strength λ.
    """
    rows = []
    for strength in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
        row: dict[str, Any] = {"λ": strength}
        for name, order in list(ORDERS.items())[:3]:
            make = partial(make_chain, order, depth=2, j_d=0.0, strength=strength)
            row[name] = count_converged(make, 2)
        rows.append(row)
    return rows


def make_chain(order: Callable[..., Any], key: Any, depth: int, j_d: float, strength: float) -> Any:
    """Return a chain of random layers without an input."""
    keys = jax.random.split(key, depth)
    rows: dict[int, Any] = {}
    for i in range(1, depth + 1):
        near = {j: Ferromagnetic(UNITS, strength) for j in (i - 1, i + 1) if 1 <= j <= depth}
        rows[i] = {i: RecurrentDiscrete(UNITS, j_d, key=keys[i - 1]), **near}
    return order(LayerMap.from_dict(rows | {depth + 1: {depth + 1: OutputLayer()}}))


def count_converged(make: Callable[[Any], Any], depth: int) -> str:
    """Return how many networks converged, and the median of their steps."""
    phase = Phase(until="fixed_point", max_steps=LONGEST)

    @jax.jit
    def relax_from_random(key: Any) -> Any:
        weights, start = jax.random.split(key)
        state = SequentialState([(1,), *[(UNITS,)] * depth, (1,)])
        for i in range(1, depth + 1):
            field = jax.random.normal(jax.random.fold_in(start, i), (1, UNITS))
            state = state.replace_val(i, jnp.sign(field))
        return relax(make(weights), state, key, phase)[2]

    cases = [relax_from_random(key) for key in jax.random.split(jax.random.key(29), NETWORKS)]
    steps = [float(case.steps) for case in cases if case.converged]
    median = f" ({np.median(steps):.0f} steps)" if steps else ""
    return f"{len(steps)} of {NETWORKS}{median}"


MEASUREMENTS: Mapping[str, Callable[[Path], Rows]] = {
    "fixed_points": fixed_points,
    "convergence": convergence,
    "coupling": coupling,
    "recall": recall,
    "robustness": robustness,
    "classifiers_by_steps": classifiers_by_steps,
    "classifiers_by_steps_entangled": classifiers_by_steps_entangled,
    "classifiers_by_steps_fashion": classifiers_by_steps_fashion,
    "classifiers_compared": classifiers_compared,
    "classifiers_differences": classifiers_differences,
    "completion": completion,
    "class_by_rounds": class_by_rounds,
    "completion_against_class_alone": completion_against_class_alone,
    "completion_by_readout": completion_by_readout,
    "completion_by_steps": completion_by_steps,
    "completion_differences": completion_differences,
    "completion_pixels_by_steps": completion_pixels_by_steps,
    "completion_with_class": completion_with_class,
    "completion_with_class_harder": completion_with_class_harder,
    "curves": curves,
    "couplings_that_learn": couplings_that_learn,
    "couplings_on_disturbed_images": couplings_on_disturbed_images,
    "couplings_on_flipped_inputs": couplings_on_flipped_inputs,
    "couplings_by_steps": couplings_by_steps,
    "rules_by_steps": rules_by_steps,
    "noise_and_occlusion": noise_and_occlusion,
    "trained_on_noise": trained_on_noise,
    "faults": faults,
    "cost_of_rules": cost_of_rules,
    "cost_of_rules_on_fashion": cost_of_rules_on_fashion,
    "readout_by_goodness": readout_by_goodness,
    "memory_basins": memory_basins,
    "memory_by_load": memory_by_load,
    "memory_by_share": memory_by_share,
    "memory_by_steps": memory_by_steps,
    "memory_capacity": memory_capacity,
    "memory_capacity_by_size": memory_capacity_by_size,
    "memory_capacity_of_all_units": memory_capacity_of_all_units,
    "memory_digits_without_hidden_units": memory_digits_without_hidden_units,
    "memory_capacity_by_level": memory_capacity_by_level,
    "memory_kinds": memory_kinds,
    "memory_map": memory_map,
    "memory_patterns": memory_patterns,
    "memory_replayed": memory_replayed,
    "memory_sparse": memory_sparse,
    "memory_stored": memory_stored,
    "memory_stored_by_rule": memory_stored_by_rule,
    "memory_stored_patterns": memory_stored_patterns,
    "memory_time": memory_time,
}


def measure(name: str, outputs: Path) -> Path:
    """Make a measurement; write its rows, its duration and its environment."""
    began = time.perf_counter()
    rows = MEASUREMENTS[name](outputs)
    seconds = time.perf_counter() - began
    folder = outputs / "physics" / name
    folder.mkdir(parents=True, exist_ok=True)
    environment = describe_environment(seed=None, command=["python", *sys.argv])
    text = " ".join(str(MEASUREMENTS[name].__doc__).split())
    write_atomically(folder / "environment.json", encode(environment, indent=2) + "\n")
    result = {"text": text, "seconds": seconds, "rows": rows}
    write_atomically(folder / "result.json", encode(result, indent=2) + "\n")
    return folder
