"""A straightforward implementation in JAX.

Dense weights with masks; every message is computed in every step; one jitted step per batch, with
the decay of weights outside of it.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from benchmarking.case import CLASSES, J_D, MARGIN, RATES, READOUT_MARGIN, SHRINK, Case
from darnax.connectivity import Convolved, Sparse
from darnax.orchestrators import Orchestrator

Weights = dict[str, Any]


def to_dense(connectivity: Any, weight: Array, pre: int) -> tuple[Array, Array]:
    """Return a weight as a matrix (pre, post), and the mask of its synapses.

    The weight of a convolution keeps its shape.
    """
    if isinstance(connectivity, Convolved):
        return weight, (connectivity.init(jax.random.key(0)) != 0).astype(weight.dtype)
    if not isinstance(connectivity, Sparse):
        hollow = jnp.eye(*weight.shape) if connectivity.hollow else jnp.zeros(weight.shape)
        return weight, 1.0 - hollow
    full, mask = np.zeros((2, pre, weight.shape[1]), np.float32)
    synapses = np.asarray(connectivity.inputs), np.arange(weight.shape[1])[None]
    full[synapses], mask[synapses] = weight, 1.0
    return jnp.asarray(full), jnp.asarray(mask)


def weights_of(case: Case, network: Orchestrator) -> tuple[Weights, Weights, Weights]:
    """Return the weights, masks and in-degrees of a network, by name; for J one of each layer."""
    lm, last = network.layer_map, case.depth
    layers = [lm[i, i] for i in range(1, last + 1)]
    named = {
        "w_in": (lm[1, 0], 784),
        "w_back": (lm[last, last + 1], 10),
        "w_out": (lm[last + 1, last], case.units),
    }
    made = {name: to_dense(m.connectivity, m.W, pre) for name, (m, pre) in named.items()}
    couplings = [to_dense(layer.connectivity, layer.J, case.units) for layer in layers]
    weights = {name: weight for name, (weight, _) in made.items()}
    weights["J"] = tuple(weight for weight, _ in couplings)
    masks = {name: mask for name, (_, mask) in made.items()}
    masks["J"] = tuple(mask for _, mask in couplings)
    fans = {name: m.connectivity.fan_in for name, (m, _) in named.items()}
    fans["J"] = layers[0].connectivity.fan_in
    return weights, masks, fans


def times(w: Array, x: Array, size: tuple[int, ...]) -> Array:
    """Return the message of x through w."""
    if w.ndim == 4:
        return jax.lax.conv_general_dilated(
            x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
    return (x.reshape(len(x), -1) @ w).reshape(len(x), *size)


def outer(w: Array, x: Array, e: Array) -> Array:
    """Return Σ_b x_b ⊗ e_b, in the shape of w."""
    if w.ndim == 4:
        return jax.linear_transpose(lambda w: times(w, x, ()), w)(e)[0]
    return x.reshape(len(x), -1).T @ e.reshape(len(e), -1)


def field(w: Weights, x: Array, y: Array, s: list[Array], i: int, what: str) -> Array:
    """Return the field of layer i, of all its messages."""
    size = s[i].shape[1:]
    h = times(w["J"][i], s[i], size) + J_D * s[i]
    h = h + (times(w["w_in"], x, size) if i == 0 else s[i - 1])
    if what == "all":
        h = h + (times(w["w_back"], y, size) if i == len(s) - 1 else s[i + 1])
    return h


def sweeps(w: Weights, x: Array, y: Array, s: list[Array], steps: int, what: str) -> list[Array]:
    def sweep(_: Array, s: list[Array]) -> list[Array]:
        for i in range(len(s)):
            s = [*s[:i], jnp.where(field(w, x, y, s, i, what) >= 0, 1.0, -1.0), *s[i + 1 :]]
        return s

    return jax.lax.fori_loop(0, steps, sweep, s)


def unstable(s: Array, h: Array, margin: float) -> Array:
    return s * (s * h <= margin)


def programs(
    case: Case, network: Orchestrator
) -> tuple[Weights, Callable[..., Any], Callable[..., Array], Callable[..., Any]]:
    """Return weights, training and evaluation over batches, and the one step that is compiled."""
    start, masks, fans = weights_of(case, network)

    @jax.jit
    def step(w: Weights, x: Array, y: Array) -> Weights:
        def update(
            name: str, rate: str, weight: Array, mask: Array, before: Array, e: Array
        ) -> Array:
            scale = math.sqrt(case.batch * fans[name])
            return weight + RATES[rate] * mask * outer(weight, before, e) / scale

        s = [jnp.zeros((case.batch, *case.size))] * case.depth
        for steps, what in ((1, "forward"), (5, "all"), (5, "forward")):
            s = sweeps(w, x, y, s, steps, what)
        e = [unstable(s[i], field(w, x, y, s, i, "forward"), MARGIN) for i in range(case.depth)]
        out = unstable(y, times(w["w_out"], s[-1], y.shape[1:]), READOUT_MARGIN)
        J = tuple(
            update("J", "hidden", *each) for each in zip(w["J"], masks["J"], s, e, strict=True)
        )
        w_in = update("w_in", "w_in", w["w_in"], masks["w_in"], x, e[0])
        return w | {
            "J": J,
            "w_in": w_in,
            "w_out": update("w_out", "w_out", w["w_out"], masks["w_out"], s[-1], out),
        }

    @jax.jit
    def answer(w: Weights, x: Array) -> Array:
        s = [jnp.zeros((len(x), *case.size))] * case.depth
        return times(w["w_out"], sweeps(w, x, x, s, 6, "forward")[-1], (CLASSES,))

    def train(w: Weights, xs: Array, ys: Array) -> Weights:
        for x, y in zip(xs, ys, strict=True):
            w = step(w, x, y) | {"w_in_before": w["w_in"]}
            w["w_in"] = w["w_in"] - SHRINK * w.pop("w_in_before")
        return w

    def evaluate(w: Weights, xs: Array) -> Array:
        return jnp.stack([answer(w, x) for x in xs])

    return start, train, evaluate, step
