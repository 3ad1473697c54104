"""The implementation of darnax: all batches in one compiled loop, as in a run."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from benchmarking.case import INFER, TRAIN, Case, make_optimizer, make_state
from darnax.learning import evaluate_step, init_optimizer, train_step
from darnax.orchestrators import Orchestrator
from darnax.runner.compilation import LazyJit


def programs(
    case: Case, network: Orchestrator
) -> tuple[Any, Callable[..., Any], Callable[..., Array]]:
    """Return the initial weights, a training function and an evaluation function.

    They are (weights, xs, ys) -> (weights, sums of metrics), and (weights, xs) -> scores.
    """
    arrays, structure = eqx.partition(network, eqx.is_array)
    optimizer, state = make_optimizer(network), make_state(case)
    start = (arrays, init_optimizer(network, optimizer, TRAIN))

    def step(train_state: Any, x: Array, y: Array) -> tuple[Any, Any]:
        arrays, opt_state = train_state
        output = train_step(
            eqx.combine(arrays, structure),
            optimizer,
            opt_state,
            state,
            TRAIN,
            x,
            y,
            jax.random.key(0),
        )
        return (eqx.filter(output.network, eqx.is_array), output.opt_state), output.metrics

    def train(train_state: Any, xs: Array, ys: Array) -> Any:
        def train_batch(index: Array, carry: Any) -> Any:
            train_state, total = carry
            train_state, metrics = step(train_state, xs[index], ys[index])
            return train_state, jax.tree.map(jnp.add, total, metrics)

        shapes = jax.eval_shape(step, train_state, xs[0], ys[0])[1]
        zeros = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), shapes)
        return jax.lax.fori_loop(0, len(xs), train_batch, (train_state, zeros))

    def evaluate(train_state: Any, xs: Array) -> Array:
        network = eqx.combine(train_state[0], structure)
        return jax.lax.map(lambda x: evaluate_step(network, state, INFER, x, jax.random.key(0)), xs)

    return start, LazyJit(train).jitted, LazyJit(evaluate).jitted
