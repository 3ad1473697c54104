"""The two compiled programs of a run: train on a chunk of batches, and evaluate a window."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key, PyTree

from darnax.learning import evaluate_step, init_optimizer, train_step
from darnax.observables import Metrics, norms
from darnax.orchestrators import Orchestrator
from darnax.runner.experiment import Experiment

EVALUATION_BATCH = 500


class Learner(NamedTuple):
    """What training changes: the arrays of the network, and the optimiser's state."""

    arrays: Any
    opt_state: PyTree


class Programs(NamedTuple):
    """Functions of a run, under jit.

    Args:
        start: key -> Learner, drawn afresh.
        shuffle: (key, n) -> the order in which a window of n examples is visited.
        train: (learner, inputs, targets, order, first, last, key) -> (learner, metrics averaged over batches first…last-1).
            One program for chunks of any length; the learner is donated.
        evaluate: (arrays, inputs, targets) -> per example of the window how right the answer is, and the largest output.
    """

    start: Callable[..., Learner]
    shuffle: Callable[..., Int[Array, " n"]]
    train: Callable[..., tuple[Learner, Metrics]]
    evaluate: Callable[..., tuple[Array, Array]]


def make_programs(experiment: Experiment, steps_per_epoch: int) -> Programs:
    """Return the programs of `experiment`; nothing is compiled until they are called."""
    data, phases = experiment.data, experiment.train
    abstract = eqx.filter_eval_shape(experiment.make_network, jax.random.key(0))
    optimizer = experiment.make_optimizer(abstract, steps_per_epoch)
    structure = eqx.filter(abstract, lambda leaf: not isinstance(leaf, jax.ShapeDtypeStruct))

    def network(arrays: Any) -> Orchestrator:
        return eqx.combine(arrays, structure)

    def start(key: Key[Array, ""]) -> Learner:
        drawn = experiment.make_network(key)
        return Learner(eqx.filter(drawn, eqx.is_array), init_optimizer(drawn, optimizer, phases))

    def batch(inputs: Array, targets: Array, index: Int[Array, " batch"]) -> tuple[Array, Array]:
        return data.encode(inputs[index]), data.labels.encode(targets[index], data.classes)

    def step(learner: Learner, x: Array, y: Array, key: Key[Array, ""]) -> tuple[Learner, Metrics]:
        learnt = train_step(network(learner.arrays), optimizer, learner.opt_state, experiment.state, phases, x, y, key)
        accuracy = jnp.mean(data.labels.score(learnt.scores, y))
        return Learner(eqx.filter(learnt.network, eqx.is_array), learnt.opt_state), learnt.metrics | {
            "train/accuracy": accuracy
        }

    def train(
        learner: Learner, inputs: Array, targets: Array, order: Array, first: Array, last: Array, key: Key[Array, ""]
    ) -> tuple[Learner, Metrics]:
        def turn(index: Array, carry: tuple[Learner, Metrics]) -> tuple[Learner, Metrics]:
            chosen = jax.lax.dynamic_slice(order, (index * data.batch_size,), (data.batch_size,))
            now, metrics = step(carry[0], *batch(inputs, targets, chosen), jax.random.fold_in(key, index))
            return now, jax.tree.map(jnp.add, carry[1], metrics)

        x, y = jax.eval_shape(batch, inputs, targets, order[: data.batch_size])
        blank = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(step, learner, x, y, key)[1])
        learner, total = jax.lax.fori_loop(first, last, turn, (learner, blank))
        mean = jax.tree.map(lambda t: t / (last - first).astype(t.dtype), total)
        return learner, mean | norms("norm", network(learner.arrays).layer_map)

    def evaluate(arrays: Any, inputs: Array, targets: Array) -> tuple[Array, Array]:
        n = len(targets)
        size = min(n, EVALUATION_BATCH)
        index = jnp.minimum(jnp.arange(-(-n // size) * size), n - 1).reshape(-1, size)

        def answer(chosen: Array) -> tuple[Array, Array]:
            x, y = batch(inputs, targets, chosen)
            scores = evaluate_step(network(arrays), experiment.state, experiment.infer, x, jax.random.key(0))
            return data.labels.score(scores, y), jnp.argmax(scores.reshape(size, -1), axis=1)

        right, largest = jax.lax.map(answer, index)
        return right.reshape(-1)[:n], largest.reshape(-1)[:n]

    return Programs(
        jax.jit(start),
        jax.jit(jax.random.permutation, static_argnums=1),
        jax.jit(train, donate_argnums=0),
        jax.jit(evaluate),
    )
