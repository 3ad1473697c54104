"""Fixed points of random networks: their number, and the dynamics that converge to them."""

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
from darnax.relaxation import Phase, relax
from darnax.runner.environment import describe_environment
from darnax.states import SequentialState
from darnax.tracking.strict_json import encode
from reproduction.disturbance import recall

Rows = list[dict[str, Any]]
ORDERS: Mapping[str, Callable[..., Any]] = {
    "all at once": ParallelOrchestrator,
    "layer by layer": SequentialOrchestrator,
    "random order, 10 turns": AsynchronousOrchestrator,
    "random order, 50 turns": partial(AsynchronousOrchestrator, turns=50),
}
UNITS, NETWORKS, LONGEST = 1000, 5, 300


def fixed_points(_: Path, units: int = 14, draws: int = 1000) -> Rows:
    """Number of stable states among all 2^14 states of dense random networks; the expected
    number is (2Φ(J_D/σ))^N, σ² = (N − 1)/N.
    """
    all_states = 1 - 2 * jnp.asarray(np.indices((2,) * units).reshape(units, -1).T, jnp.float32)
    half = all_states[: 2 ** (units - 1)]  # with s, −s is stable too
    rows = []
    for j_d in (0.0, 0.25, 0.5, 0.75, 1.0):

        def count(key: Any, j_d: float = j_d) -> Any:
            layer = RecurrentDiscrete(units, j_d, key=key)
            return 2 * jnp.sum(jnp.all(layer.activation(layer(half)) == half, axis=1))

        counts = np.asarray(
            jax.jit(lambda keys, count=count: jax.lax.map(count, keys))(
                jax.random.split(jax.random.key(23), draws)
            )
        )
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
    """Number of dense random networks of 1000 units, out of five, that converge to a fixed
    point within 300 steps from a random state.
    """
    rows = []
    for j_d in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        row: dict[str, Any] = {"J_D": j_d}
        for name, order in ORDERS.items():
            if name != "layer by layer":  # of one layer the same as all at once
                row[name] = settling(
                    lambda key, order=order, j_d=j_d: order(chain(key, 1, j_d, 0.0)), 1
                )
        rows.append(row)
    return rows


def coupling(_: Path) -> Rows:
    """The same without self-coupling, for two layers of 1000 units coupled unit by unit in
    both directions with strength λ.
    """
    rows = []
    for strength in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
        row: dict[str, Any] = {"λ": strength}
        for name, order in list(ORDERS.items())[:3]:
            row[name] = settling(
                lambda key, order=order, strength=strength: order(chain(key, 2, 0.0, strength)), 2
            )
        rows.append(row)
    return rows


def chain(key: Any, depth: int, j_d: float, strength: float) -> LayerMap:
    """Build a chain without input: only recurrent couplings."""
    keys = jax.random.split(key, depth)
    rows: dict[int, Any] = {}
    for i in range(1, depth + 1):
        near = {j: Ferromagnetic(UNITS, strength) for j in (i - 1, i + 1) if 1 <= j <= depth}
        rows[i] = {i: RecurrentDiscrete(UNITS, j_d, key=keys[i - 1]), **near}
    return LayerMap.from_dict(rows | {depth + 1: {depth + 1: OutputLayer()}})


def settling(make: Callable[[Any], Any], depth: int) -> str:
    """Return how many networks converged, and after how many steps."""
    phase = Phase(until="fixed_point", max_steps=LONGEST)

    @jax.jit
    def settled(key: Any) -> Any:
        weights, start = jax.random.split(key)
        state = SequentialState([(1,), *[(UNITS,)] * depth, (1,)])
        for i in range(1, depth + 1):
            state = state.replace_val(
                i, jnp.sign(jax.random.normal(jax.random.fold_in(start, i), (1, UNITS)))
            )
        return relax(make(weights), state, key, phase)[2]

    cases = [settled(key) for key in jax.random.split(jax.random.key(29), NETWORKS)]
    steps = [float(case.steps) for case in cases if case.converged]
    return f"{len(steps)} of {NETWORKS}" + (f" ({np.median(steps):.0f} steps)" if steps else "")


MEASUREMENTS: Mapping[str, Callable[[Path], Rows]] = {
    "fixed_points": fixed_points,
    "convergence": convergence,
    "coupling": coupling,
    "recall": recall,
}


def measure(name: str, outputs: Path) -> Path:
    """Make a measurement, and write its rows with their receipt."""
    began = time.perf_counter()
    rows = MEASUREMENTS[name](outputs)
    seconds = time.perf_counter() - began
    folder = outputs / "physics" / name
    folder.mkdir(parents=True, exist_ok=True)
    environment = describe_environment(seed=None, command=["python", *sys.argv])
    text = " ".join(str(MEASUREMENTS[name].__doc__).split())
    write_atomically(folder / "environment.json", encode(environment, indent=2) + "\n")
    write_atomically(
        folder / "result.json",
        encode({"text": text, "seconds": seconds, "rows": rows}, indent=2) + "\n",
    )
    return folder
