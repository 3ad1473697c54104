"""The lower bound: one multiply-add per synapse, sample and step, and nothing else.

Signs take the place of the rules, and there are no metrics. In the sparse family batches are
unit-major throughout, so that nothing is transposed.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from benchmarking.case import Case
from darnax.connectivity import Sparse
from darnax.orchestrators import Orchestrator
from darnax.runner.compilation import LazyJit

GATHER = {"mode": "promise_in_bounds", "wrap_negative_indices": False}


def multiply(connectivity: Any, w: Array, x: Array) -> Array:
    """Return the field (post, batch) of x (pre, batch)."""
    if not isinstance(connectivity, Sparse):
        return (x.T @ w).T

    def add(total: Array, synapses: tuple[Array, Array]) -> tuple[Array, None]:
        return total + synapses[0][:, None] * x.at[synapses[1]].get(**GATHER), None

    blank = jnp.zeros((w.shape[1], x.shape[1]))
    return jax.lax.scan(add, blank, (w, connectivity.inputs), unroll=min(10, len(w)))[0]


def correlate(connectivity: Any, x: Array, e: Array) -> Array:
    """Return Σ_b x_b ⊗ e_b on the synapses."""
    if not isinstance(connectivity, Sparse):
        return x @ e.T

    def add(total: Array, sample: tuple[Array, Array]) -> tuple[Array, None]:
        return total + sample[0].at[connectivity.inputs].get(**GATHER) * sample[1][None], None

    return jax.lax.scan(
        add, jnp.zeros(connectivity.inputs.shape), (x.T, e.T), unroll=min(16, x.shape[1])
    )[0]


def programs(
    case: Case, network: Orchestrator
) -> tuple[Any, Callable[..., Any], Callable[..., Array]]:
    """Return the weights, and functions with the products of training and of evaluation."""
    lm, last = network.layer_map, case.depth
    layers = [lm[i, i] for i in range(1, last + 1)]
    w_in, w_back, w_out = lm[1, 0], lm[last, last + 1], lm[last + 1, last]
    start = ([layer.J for layer in layers], w_in.W, w_out.W)

    if case.family == "convolution":
        columns, transposed = (lambda x: x), (lambda y: y)
        times, outer = (lambda c, w, x: c.message(w, x)), (lambda c, x, e: c.correlate(x, e))
    elif case.family == "dense":
        columns, transposed = (lambda x: x.reshape(len(x), -1)), (lambda y: y)
        times, outer = (lambda _, w, x: x @ w), (lambda _, x, e: x.T @ e)
    else:
        columns, transposed = (lambda x: x.reshape(len(x), -1).T), jnp.transpose
        times, outer = multiply, correlate

    def sweeps(J: Any, h: Array, s: Any, steps: int) -> Any:
        def sweep(_: Array, s: Any) -> Any:
            return [
                jnp.sign(times(layer.connectivity, j, t) + h)
                for layer, j, t in zip(layers, J, s, strict=True)
            ]

        return jax.lax.fori_loop(0, steps, sweep, s)

    def step(w: Any, x: Array, y: Array) -> Any:
        J, v, o = w
        x, y = columns(x), transposed(y)
        h = times(w_in.connectivity, v, x) + times(w_back.connectivity, w_back.W, y)
        s = sweeps(J, h, [h] * last, 11)
        e = sweeps(J, h, s, 1)  # in place of the fields that the rules use
        answer = times(w_out.connectivity, o, s[-1])
        J = [
            j + 1e-3 * outer(layer.connectivity, a, b)
            for layer, j, a, b in zip(layers, J, s, e, strict=True)
        ]
        return (
            J,
            v + 1e-3 * outer(w_in.connectivity, x, e[0]),
            o + 1e-3 * outer(w_out.connectivity, s[-1], answer - y),
        )

    def train(w: Any, xs: Array, ys: Array) -> Any:
        return jax.lax.fori_loop(0, len(xs), lambda i, w: step(w, xs[i], ys[i]), w)

    def evaluate(w: Any, xs: Array) -> Array:
        def answer(x: Array) -> Array:
            h = times(w_in.connectivity, w[1], columns(x))
            # The sum over all layers: the compiler would leave out a layer that is not used.
            states = sum(sweeps(w[0], h, [h] * last, 6))
            return times(w_out.connectivity, w[2], states)

        return jax.lax.map(answer, xs)

    return start, LazyJit(train).jitted, LazyJit(evaluate).jitted
