"""What backpropagation makes of the same task: a multilayer perceptron with the hidden layers of an experiment.

    python scripts/backprop.py +experiment=entangled_mnist name=backprop seed=0

It leaves a run folder like any other, so that `darnax compare` and the results page can read it. ReLU, cross-entropy, Adam at
0.001; data, batches and epochs are those of the experiment. The gradient lives here and nowhere in darnax.
"""

import math
import sys
import time
from typing import Any

import jax
import jax.numpy as jnp
import optax

from darnax.builder import build
from darnax.composing.composer import compose
from darnax.data import Split
from darnax.laboratory.data_opening import open_data
from darnax.runner.experiment import Experiment
from darnax.runner.run_folder import RunFolder

EVALUATION_BATCH = 500


def initial(key: Any, sizes: list[int]) -> list[Any]:
    """Return weights N(0, 2/fan_in) and no biases."""
    keys = jax.random.split(key, len(sizes))
    pairs = zip(keys, sizes[:-1], sizes[1:], strict=False)
    return [(jax.random.normal(k, (a, b)) * math.sqrt(2 / a), jnp.zeros(b)) for k, a, b in pairs]


def scores(parameters: list[Any], x: Any) -> Any:
    x = x.reshape(len(x), -1)
    for weight, bias in parameters[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = parameters[-1]
    return x @ weight + bias


def accuracy(parameters: list[Any], split: Split, encode: Any) -> float:
    answer = jax.jit(lambda p, x: jnp.argmax(scores(p, encode(x)), axis=1))
    right = 0
    for window in split.windows(None):
        for first in range(0, window.count, EVALUATION_BATCH):
            chosen = slice(first, min(first + EVALUATION_BATCH, window.count))
            right += int(
                jnp.sum(answer(parameters, window.inputs[chosen]) == window.targets[chosen])
            )
    return right / len(split)


def trained(experiment: Experiment, split: Split, sizes: list[int]) -> list[Any]:
    """Return the weights after all epochs."""
    data, optimizer = experiment.data, optax.adam(1e-3)
    parameters = initial(jax.random.key(experiment.seed), sizes)
    opt_state = optimizer.init(parameters)

    def loss(parameters: list[Any], x: Any, targets: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(
            scores(parameters, data.encode(x)), targets
        ).mean()

    @jax.jit
    def run_through(parameters: Any, opt_state: Any, inputs: Any, targets: Any, key: Any) -> Any:
        order = jax.random.permutation(key, len(targets))

        def step(i: Any, carry: Any) -> Any:
            chosen = jax.lax.dynamic_slice(order, (i * data.batch_size,), (data.batch_size,))
            gradient = jax.grad(loss)(carry[0], inputs[chosen], targets[chosen])
            change, opt_state = optimizer.update(gradient, carry[1])
            return optax.apply_updates(carry[0], change), opt_state

        return jax.lax.fori_loop(0, len(targets) // data.batch_size, step, (parameters, opt_state))

    for epoch in range(experiment.runner.epochs):
        for number, window in enumerate(split.windows(epoch)):
            key = jax.random.fold_in(
                jax.random.fold_in(jax.random.key(experiment.seed), epoch), number
            )
            parameters, opt_state = run_through(
                parameters, opt_state, window.inputs, window.targets, key
            )
    return parameters


def main() -> None:
    overrides = sys.argv[1:]
    config = compose(overrides)
    experiment = build(config)
    dataset = open_data(experiment)
    folder = RunFolder.create(
        experiment.outputs, experiment.name, config, overrides, command=["python", *sys.argv]
    )
    began = time.perf_counter()
    sizes = [math.prod(experiment.state[i].shape[1:]) for i in range(len(experiment.state))]
    parameters = trained(experiment, dataset.train, sizes)
    test = accuracy(parameters, dataset.test, experiment.data.encode)
    seconds = time.perf_counter() - began
    folder.write_summary(status="finished", metrics={"test/accuracy": test}, wall_seconds=seconds)
    print(f"{'-'.join(map(str, sizes))}: test {test:.2%} in {seconds:.0f} s\n{folder.path}")


if __name__ == "__main__":
    main()
