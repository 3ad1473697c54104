"""The baseline by backpropagation: a perceptron with the hidden layers of an experiment.

    python scripts/backprop.py +experiment=entangled_mnist name=backprop seed=0

ReLU, cross-entropy, Adam with rate 0.001; data, batches and epochs are those of the experiment. The
script writes a run folder, which `darnax compare` and the results page read. Only this file takes a
gradient; darnax has none.
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


def draw_parameters(key: Any, sizes: list[int]) -> list[Any]:
    """Return a weight N(0, 2/fan_in) and a zero bias for each pair of successive sizes."""
    keys = jax.random.split(key, len(sizes))
    pairs = zip(keys, sizes[:-1], sizes[1:], strict=False)
    return [(jax.random.normal(k, (a, b)) * math.sqrt(2 / a), jnp.zeros(b)) for k, a, b in pairs]


def compute_scores(parameters: list[Any], x: Any) -> Any:
    """Return the scores of the classes, (batch, classes)."""
    x = x.reshape(len(x), -1)
    for weight, bias in parameters[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = parameters[-1]
    return x @ weight + bias


def compute_accuracy(parameters: list[Any], split: Split, encode: Any) -> float:
    """Return the accuracy on a split."""
    predict = jax.jit(lambda p, x: jnp.argmax(compute_scores(p, encode(x)), axis=1))
    right = 0
    for window in split.windows(None):
        for first in range(0, window.count, EVALUATION_BATCH):
            chosen = slice(first, min(first + EVALUATION_BATCH, window.count))
            predicted = predict(parameters, window.inputs[chosen])
            right += int(jnp.sum(predicted == window.targets[chosen]))
    return right / len(split)


def train(experiment: Experiment, split: Split, sizes: list[int]) -> list[Any]:
    """Return the weights and biases after all epochs."""
    data, optimizer = experiment.data, optax.adam(1e-3)
    parameters = draw_parameters(jax.random.key(experiment.seed), sizes)
    opt_state = optimizer.init(parameters)

    def loss(parameters: list[Any], x: Any, targets: Any) -> Any:
        scores = compute_scores(parameters, data.encode(x))
        return optax.softmax_cross_entropy_with_integer_labels(scores, targets).mean()

    @jax.jit
    def train_on_window(
        parameters: Any, opt_state: Any, inputs: Any, targets: Any, key: Any
    ) -> Any:
        order = jax.random.permutation(key, len(targets))

        def step(i: Any, carry: Any) -> Any:
            chosen = jax.lax.dynamic_slice(order, (i * data.batch_size,), (data.batch_size,))
            parameters, opt_state = carry
            gradient = jax.grad(loss)(parameters, inputs[chosen], targets[chosen])
            change, opt_state = optimizer.update(gradient, opt_state)
            return optax.apply_updates(parameters, change), opt_state

        return jax.lax.fori_loop(0, len(targets) // data.batch_size, step, (parameters, opt_state))

    for epoch in range(experiment.runner.epochs):
        epoch_key = jax.random.fold_in(jax.random.key(experiment.seed), epoch)
        for number, window in enumerate(split.windows(epoch)):
            key = jax.random.fold_in(epoch_key, number)
            parameters, opt_state = train_on_window(
                parameters, opt_state, window.inputs, window.targets, key
            )
    return parameters


def main() -> None:
    overrides = sys.argv[1:]
    config = compose(overrides)
    experiment = build(config)
    dataset = open_data(experiment)
    command = ["python", *sys.argv]
    folder = RunFolder.create(
        experiment.outputs, experiment.name, config, overrides, command=command
    )
    began = time.perf_counter()
    sizes = [math.prod(experiment.state[i].shape[1:]) for i in range(len(experiment.state))]
    parameters = train(experiment, dataset.train, sizes)
    test = compute_accuracy(parameters, dataset.test, experiment.data.encode)
    seconds = time.perf_counter() - began
    folder.write_summary(status="finished", metrics={"test/accuracy": test}, wall_seconds=seconds)
    layers = "-".join(map(str, sizes))
    print(f"{layers}: test {test:.2%} in {seconds:.0f} s\n{folder.path}")


if __name__ == "__main__":
    main()
