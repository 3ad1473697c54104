"""The baseline by backpropagation: a network with the hidden layers of an experiment.

    python scripts/backprop.py +experiment=entangled_mnist name=backprop seed=0
    python scripts/backprop.py +experiment=cifar_conv data.path=PATH name=backprop seed=0

ReLU, cross-entropy, Adam with rate 0.001; data, encoding, batches and epochs are those of the
experiment, and random stages are applied in training. A network with convolutions keeps its
connections from each layer to later ones, with a bias, except those of error units; any other is a
perceptron with hidden layers of the same sizes. The script writes a run folder, which `darnax
compare` and the results page read. Only this file takes a gradient; darnax has none.
"""

import math
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from darnax.builder import build
from darnax.data import Split
from darnax.laboratory.data_opening import open_data
from darnax.laboratory.fitted_encoding import fit_encoding
from darnax.laboratory.machine import compose_here
from darnax.modules import Convolution, ErrorUnits
from darnax.runner.experiment import Experiment
from darnax.runner.run_folder import RunFolder

EVALUATION_BATCH = 500


class Architecture(NamedTuple):
    """How to draw the parameters, and how to compute the scores (batch, classes) from them."""

    draw: Callable[[Any], list[Any]]
    compute_scores: Callable[[list[Any], Any], Any]


def choose_architecture(experiment: Experiment) -> Architecture:
    """Return a convolutional network for an experiment with convolutions, else a perceptron."""
    network = experiment.make_network(jax.random.key(experiment.seed))
    modules = network.layer_map.modules
    if any(isinstance(module, Convolution) for module in modules):
        return convolutional(network.layer_map)
    state = experiment.state
    return perceptron([math.prod(state[i].shape[1:]) for i in range(len(state))])


def perceptron(sizes: list[int]) -> Architecture:
    """Return a perceptron: weights N(0, 2/fan_in) and zero biases between successive sizes."""

    def draw(key: Any) -> list[Any]:
        keys = jax.random.split(key, len(sizes))
        pairs = zip(keys, sizes[:-1], sizes[1:], strict=False)
        return [
            (jax.random.normal(k, (a, b)) * math.sqrt(2 / a), jnp.zeros(b)) for k, a, b in pairs
        ]

    def compute_scores(parameters: list[Any], x: Any) -> Any:
        x = x.reshape(len(x), -1)
        for weight, bias in parameters[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        weight, bias = parameters[-1]
        return x @ weight + bias

    return Architecture(draw, compute_scores)


def convolutional(layer_map: Any) -> Architecture:
    """Return the forward connections of a network, with weights N(0, 2/fan_in) and zero biases."""
    errors = [i for i in layer_map.rows() if isinstance(layer_map[i, i], ErrorUnits)]
    edges = []
    for (receiver, sender), module in layer_map.edge_items():
        if sender < receiver and receiver not in errors and sender not in errors:
            edges.append((receiver, sender, module.connectivity))

    def draw(key: Any) -> list[Any]:
        parameters = []
        for own, (_, _, connectivity) in zip(jax.random.split(key, len(edges)), edges, strict=True):
            weight = connectivity.init(own) * math.sqrt(2)
            parameters.append((weight, jnp.zeros(weight.shape[-1])))
        return parameters

    def compute_scores(parameters: list[Any], x: Any) -> Any:
        states = {0: x}
        for receiver in layer_map.rows():
            messages = []
            for (weight, bias), (to, sender, connectivity) in zip(parameters, edges, strict=True):
                if to == receiver:
                    messages.append(connectivity.message(weight, states[sender]) + bias)
            if messages:
                field = sum(messages)
                states[receiver] = field if receiver == layer_map.output else jax.nn.relu(field)
        return states[layer_map.output]

    return Architecture(draw, compute_scores)


def compute_accuracy(predict: Callable[[Any], Any], split: Split) -> float:
    """Return the accuracy on a split."""
    right = 0
    for window in split.windows(None):
        for first in range(0, window.count, EVALUATION_BATCH):
            chosen = slice(first, min(first + EVALUATION_BATCH, window.count))
            right += int(jnp.sum(predict(window.inputs[chosen]) == window.targets[chosen]))
    return right / len(split)


def train(experiment: Experiment, split: Split, architecture: Architecture) -> list[Any]:
    """Return the weights and biases after all epochs."""
    data, optimizer = experiment.data, optax.adam(1e-3)
    parameters = architecture.draw(jax.random.key(experiment.seed))
    opt_state = optimizer.init(parameters)

    def loss(parameters: list[Any], x: Any, targets: Any, key: Any, index: Any) -> Any:
        scores = architecture.compute_scores(parameters, data.encode(x, key, index))
        return optax.softmax_cross_entropy_with_integer_labels(scores, targets).mean()

    # One program per batch: inside a loop, the compiler's code for the gradient of a convolution
    # takes many times as long on a CPU.
    @jax.jit
    def step(carry: Any, inputs: Any, targets: Any, key: Any, chosen: Any) -> Any:
        parameters, opt_state = carry
        gradient = jax.grad(loss)(parameters, inputs[chosen], targets[chosen], key, chosen)
        change, opt_state = optimizer.update(gradient, opt_state)
        return optax.apply_updates(parameters, change), opt_state

    carry = parameters, opt_state
    for epoch in range(experiment.runner.epochs):
        epoch_key = jax.random.fold_in(jax.random.key(experiment.seed), epoch)
        for number, window in enumerate(split.windows(epoch)):
            key = jax.random.fold_in(epoch_key, number)
            order = np.asarray(jax.random.permutation(key, len(window.targets)))
            for i in range(len(order) // data.batch_size):
                chosen = order[i * data.batch_size : (i + 1) * data.batch_size]
                own = jax.random.fold_in(key, i)
                carry = step(carry, window.inputs, window.targets, own, chosen)
    return carry[0]


def main() -> None:
    overrides = sys.argv[1:]
    composed = compose_here(overrides, None)
    experiment = build(composed.resolved)
    dataset = open_data(experiment)
    experiment = fit_encoding(experiment, dataset)
    command = ["python", *sys.argv]
    folder = RunFolder.create(
        experiment.outputs, experiment.name, composed.resolved, overrides, command=command
    )
    began = time.perf_counter()
    architecture = choose_architecture(experiment)
    parameters = train(experiment, dataset.train, architecture)

    @jax.jit
    def predict(x: Any) -> Any:
        scores = architecture.compute_scores(parameters, experiment.data.encode(x))
        return jnp.argmax(scores, axis=1)

    test = compute_accuracy(predict, dataset.test)
    metrics = {"test/accuracy": test}
    if dataset.validation is not None:
        metrics["eval/accuracy"] = compute_accuracy(predict, dataset.validation)
    seconds = time.perf_counter() - began
    folder.write_summary(status="finished", metrics=metrics, wall_seconds=seconds)
    scores = ", ".join(f"{name} {value:.2%}" for name, value in metrics.items())
    print(f"{scores} in {seconds:.0f} s\n{folder.path}")


if __name__ == "__main__":
    main()
