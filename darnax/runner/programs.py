"""The compiled programs of a run: draw, shuffle, train on a chunk of batches, evaluate a window."""

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


class Keys(NamedTuple):
    """The streams of randomness of a run: its weights, its order of examples, its noise."""

    weights: Key[Array, "..."]
    order: Key[Array, "..."]
    noise: Key[Array, "..."]


class Programs:
    """The functions of a run, each one program; nothing is compiled until it is called.

    With `runner.replicas = n > 1`, keys, learners, orders and scores have a leading axis of n, and replica r is the run whose
    seed is `seed + r`, up to the order of summation.

    Attributes:
        start: keys -> Learner, drawn afresh.
        shuffle: (keys, epoch, window, n) -> the order in which window number `window`, of n examples, is visited in that epoch.
        train: (learner, keys, inputs, targets, order, epoch, window, first, last) -> (learner, metrics averaged over the
            batches first…last-1). One program for chunks of any length; the learner is donated.
        evaluate: (arrays, inputs, targets) -> per example of the window how right the answer is, and the largest output.
    """

    def __init__(self, experiment: Experiment, steps_per_epoch: int) -> None:
        self.experiment = experiment
        abstract = eqx.filter_eval_shape(experiment.make_network, jax.random.key(0))
        self.structure = eqx.filter(abstract, lambda leaf: not isinstance(leaf, jax.ShapeDtypeStruct))
        self.optimizer = experiment.make_optimizer(abstract, steps_per_epoch)
        self.start = jax.jit(self.across(self._start))
        self.shuffle = jax.jit(self._shuffle, static_argnums=3)
        self.train = jax.jit(self._train, donate_argnums=0)
        self.evaluate = jax.jit(self.across(self._evaluate, (0, None, None)))

    def across(self, function: Callable[..., Any], in_axes: Any = 0) -> Callable[..., Any]:
        """Return `function` over all replicas; over the one network as it is."""
        return jax.vmap(function, in_axes) if self.experiment.runner.replicas > 1 else function

    def keys(self) -> Keys:
        """Return the keys that follow from the seed."""
        replicas = jnp.arange(self.experiment.runner.replicas) + self.experiment.seed
        streams = jax.vmap(lambda seed: jax.random.split(jax.random.key(seed), 3))(replicas)
        return Keys(*(streams.T if len(streams) > 1 else streams[0]))

    def network(self, arrays: Any) -> Orchestrator:
        """Return the network that has these arrays."""
        return eqx.combine(arrays, self.structure)

    def _start(self, keys: Keys) -> Learner:
        network = self.experiment.make_network(keys.weights)
        return Learner(eqx.filter(network, eqx.is_array), init_optimizer(network, self.optimizer, self.experiment.train))

    def _shuffle(self, keys: Keys, epoch: Array, window: Array, n: int) -> Int[Array, "..."]:
        return self.across(lambda key: jax.random.permutation(at(key, epoch, window), n))(keys.order)

    def _train(
        self,
        learner: Learner,
        keys: Keys,
        inputs: Array,
        targets: Array,
        order: Array,
        epoch: Array,
        window: Array,
        first: Array,
        last: Array,
    ) -> tuple[Learner, Metrics]:
        size = self.experiment.data.batch_size

        def chunk(learner: Learner, noise: Key[Array, ""], order: Array) -> tuple[Learner, Metrics]:
            def turn(index: Array, carry: tuple[Learner, Metrics]) -> tuple[Learner, Metrics]:
                chosen = jax.lax.dynamic_slice(order, (index * size,), (size,))
                key = jax.random.fold_in(at(noise, epoch, window), index)
                now, metrics = self._step(carry[0], *self._batch(inputs, targets, chosen), key)
                return now, jax.tree.map(jnp.add, carry[1], metrics)

            x, y = jax.eval_shape(self._batch, inputs, targets, order[:size])
            blank = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(self._step, learner, x, y, noise)[1])
            learner, total = jax.lax.fori_loop(first, last, turn, (learner, blank))
            mean = jax.tree.map(lambda t: t / (last - first).astype(t.dtype), total)
            return learner, mean | norms("norm", self.network(learner.arrays).layer_map)

        learner, metrics = self.across(chunk)(learner, keys.noise, order)
        return learner, over_replicas(metrics)

    def _step(self, learner: Learner, x: Array, y: Array, key: Key[Array, ""]) -> tuple[Learner, Metrics]:
        state, phases, network = self.experiment.state, self.experiment.train, self.network(learner.arrays)
        learnt = train_step(network, self.optimizer, learner.opt_state, state, phases, x, y, key)
        accuracy = {"train/accuracy": jnp.mean(self.experiment.data.labels.score(learnt.scores, y))}
        return Learner(eqx.filter(learnt.network, eqx.is_array), learnt.opt_state), learnt.metrics | accuracy

    def _batch(self, inputs: Array, targets: Array, index: Int[Array, " batch"]) -> tuple[Array, Array]:
        data = self.experiment.data
        return data.encode(inputs[index]), data.labels.encode(targets[index], data.classes)

    def _evaluate(self, arrays: Any, inputs: Array, targets: Array) -> tuple[Array, Array]:
        n = len(targets)
        size = min(n, EVALUATION_BATCH)
        index = jnp.minimum(jnp.arange(-(-n // size) * size), n - 1).reshape(-1, size)

        def answer(chosen: Array) -> tuple[Array, Array]:
            x, y = self._batch(inputs, targets, chosen)
            network, infer = self.network(arrays), self.experiment.infer
            scores = evaluate_step(network, self.experiment.state, infer, x, jax.random.key(0))
            return self.experiment.data.labels.score(scores, y), jnp.argmax(scores.reshape(size, -1), axis=1)

        right, largest = jax.lax.map(answer, index)
        return right.reshape(-1)[:n], largest.reshape(-1)[:n]


def at(key: Key[Array, ""], epoch: Array, window: Array) -> Key[Array, ""]:
    """Return the key of one window of one epoch."""
    return jax.random.fold_in(jax.random.fold_in(key, epoch), window)


def over_replicas(metrics: Metrics) -> Metrics:
    """Return means over the replicas, and the standard deviation of every accuracy; one network's metrics as they are."""
    if all(value.ndim == 0 for value in metrics.values()):
        return metrics
    spread = {f"{name}_sd": jnp.std(value, ddof=1) for name, value in metrics.items() if name.endswith("/accuracy")}
    return {name: jnp.mean(value) for name, value in metrics.items()} | spread
