"""The contender under test: darnax, its batches in one compiled loop as a run's are."""

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
    """Return the weights, and (weights, xs, ys) -> weights with metrics, and (weights, xs) -> scores."""
    arrays, structure = eqx.partition(network, eqx.is_array)
    optimizer, state = make_optimizer(network), make_state(case)
    start = (arrays, init_optimizer(network, optimizer, TRAIN))

    def step(learner: Any, x: Array, y: Array) -> tuple[Any, Any]:
        arrays, opt_state = learner
        learnt = train_step(
            eqx.combine(arrays, structure),
            optimizer,
            opt_state,
            state,
            TRAIN,
            x,
            y,
            jax.random.key(0),
        )
        return (eqx.filter(learnt.network, eqx.is_array), learnt.opt_state), learnt.metrics

    def train(learner: Any, xs: Array, ys: Array) -> Any:
        def turn(index: Array, carry: Any) -> Any:
            learner, total = carry
            learner, metrics = step(learner, xs[index], ys[index])
            return learner, jax.tree.map(jnp.add, total, metrics)

        shapes = jax.eval_shape(step, learner, xs[0], ys[0])[1]
        blank = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), shapes)
        return jax.lax.fori_loop(0, len(xs), turn, (learner, blank))

    def evaluate(learner: Any, xs: Array) -> Array:
        network = eqx.combine(learner[0], structure)
        return jax.lax.map(lambda x: evaluate_step(network, state, INFER, x, jax.random.key(0)), xs)

    return start, LazyJit(train).jitted, LazyJit(evaluate).jitted
