"""Draws the figures of docs/theory.md, from small measurements; a minute.

python scripts/theory_figures.py
"""

import json
import sys
from collections.abc import Callable, Mapping
from math import log2
from pathlib import Path

import jax
import jax.numpy as jnp
import optax
from jax import Array

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "scripts"))

from reproduction.plot import Curve, Panel, draw  # noqa: E402

import darnax  # noqa: E402
from darnax.modules import RecurrentDiscrete  # noqa: E402


def update(layer: RecurrentDiscrete, states: Array) -> Array:
    """Return the states after one step of all units at once."""
    return layer.activation(layer.reduce([layer(states)]))


def flips(units: int = 1000, batch: int = 20, steps: int = 30) -> Panel:
    """The fraction of units that change in each step, from random states."""
    start = jax.random.rademacher(jax.random.key(1), (batch, units), dtype=jnp.float32)
    curves = []
    for j_d in (0.0, 0.4, 0.7, 1.0):
        layer = RecurrentDiscrete(units, j_d=j_d, key=jax.random.key(0))
        states, shares = start, []
        for _ in range(steps):
            after = update(layer, states)
            shares.append(float(jnp.mean(after != states)))
            states = after
        curves.append(curve(f"J_D = {j_d}", range(1, steps + 1), shares))
    return Panel("share of units that change, by step", curves)


def fixed_points(receipts: Path = DOCS / "receipts.json", units: int = 14) -> Panel:
    """The logarithm of the number of fixed points per unit, from the receipts."""
    rows = json.loads(receipts.read_text())["physics"]["fixed_points"]["rows"]
    j_d = [row["J_D"] for row in rows]
    curves = []
    for name, key in (("counted", "counted"), ("(2Φ(J_D/σ))^N", "(2Φ(J_D/σ))^N")):
        counts = [float(row[key].split(" ")[0]) for row in rows]
        curves.append(curve(name, j_d, [log2(count) / units for count in counts]))
    return Panel("log₂(number of fixed points) / N, by J_D", curves)


def store(layer: RecurrentDiscrete, patterns: Array, most: int = 2000) -> RecurrentDiscrete:
    """Return the layer after the perceptron rule has made the patterns fixed points."""
    optimizer = optax.sgd(0.1)
    opt_state = optimizer.init(layer)

    @jax.jit
    def step(layer: RecurrentDiscrete, opt_state: optax.OptState) -> tuple:
        h = layer.reduce([layer(patterns)])
        change = layer.backward(patterns, patterns, h)
        steps, opt_state = optimizer.update(change, opt_state)
        return optax.apply_updates(layer, steps), opt_state, jnp.any(change.J)

    for _ in range(most):
        layer, opt_state, changed = step(layer, opt_state)
        if not changed:
            break
    return layer


def basins(units: int = 300, load: float = 0.1) -> Panel:
    """The overlap with a stored pattern after relaxing from a state with flipped units."""
    shape = (int(load * units), units)
    patterns = jax.random.rademacher(jax.random.key(2), shape, dtype=jnp.float32)
    shares = [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]
    curves = []
    for margin in (0.5, 1.0, 2.0, 4.0):
        first = RecurrentDiscrete(units, j_d=0.5, threshold=margin, key=jax.random.key(3))
        layer = store(first, patterns)
        overlaps = []
        for share in shares:
            flipped = jax.random.bernoulli(jax.random.key(4), share, shape)
            states = jnp.where(flipped, -patterns, patterns)
            for _ in range(50):
                states = update(layer, states)
            overlaps.append(max(0.0, float(jnp.mean(states * patterns))))
        curves.append(curve(f"κ = {margin}", shares, overlaps))
    return Panel("overlap after relaxing, by the share of units flipped", curves)


def overlaps(*overrides: str) -> Panel:
    """The overlaps between the ends of phases, during a training."""
    words = ("+experiment=digits_smoke", "runner.epochs=5", "tracking=local", *overrides)
    run = darnax.train(*words, progress=False)
    curves = []
    for phases in ("clamped-free", "free-recall"):
        series = run.metrics[f"overlap/{phases}/hidden1"]
        curves.append(curve(phases, series.steps.tolist(), series.values.tolist()))
    return Panel("overlap of two phases in hidden1, by training step", curves)


def curve(name: str, x: object, y: list[float]) -> Curve:
    return Curve(name, list(x), y, [0.0] * len(y))


FIGURES: Mapping[str, tuple[Callable[[], Panel], ...]] = {
    "theory-fixed-points": (flips, fixed_points),
    "theory-learning": (basins, overlaps),
}

if __name__ == "__main__":
    for name, panels in FIGURES.items():
        (DOCS / f"{name}.svg").write_text(draw([panel() for panel in panels], ""))
        print(f"docs/{name}.svg")
