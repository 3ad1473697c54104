"""A compiled network with one hidden layer of ReLU units, trained by backpropagation with Adam.

It is what one would write in JAX without darnax: one `lax.scan` over the batches of an epoch.
"""

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from darnax.data import Dataset, Split

Weights = Mapping[str, jax.Array]
HIDDEN = 512
RATE = 1e-3
CLASSES = 10


def train_mlp(
    dataset: Dataset, batch: int, epochs: int, seed: int, share: float = 1.0
) -> Iterator[tuple[float, Any]]:
    """Yield the processor seconds of every epoch, and the weights after it.

    An epoch has this share of the batches. Compilation is not counted.
    """
    inputs, targets = read_split(dataset.train)
    key_in, key_out, key_order = jax.random.split(jax.random.key(seed), 3)
    pixels = inputs.shape[1]
    weights = {
        "in": jax.random.normal(key_in, (pixels, HIDDEN)) * np.sqrt(2 / pixels),
        "in_bias": jnp.zeros(HIDDEN),
        "out": jax.random.normal(key_out, (HIDDEN, CLASSES)) * np.sqrt(1 / HIDDEN),
        "out_bias": jnp.zeros(CLASSES),
    }
    optimizer = optax.adam(RATE)
    opt_state = optimizer.init(weights)
    steps = round(share * (len(inputs) // batch))
    step = jax.jit(partial(train_epoch, optimizer, batch, steps))
    epoch = step.lower(weights, opt_state, key_order, inputs, targets).compile()
    for number in range(epochs):
        key = jax.random.fold_in(key_order, number)
        began = time.process_time()
        weights, opt_state = epoch(weights, opt_state, key, inputs, targets)
        jax.block_until_ready(weights)
        yield time.process_time() - began, weights


def train_epoch(
    optimizer: optax.GradientTransformation,
    batch: int,
    steps: int,
    weights: Weights,
    opt_state: Any,
    key: jax.Array,
    inputs: jax.Array,
    targets: jax.Array,
) -> tuple[Weights, Any]:
    """Return weights and optimiser state after so many batches, in random order."""
    order = jax.random.permutation(key, len(inputs))[: steps * batch].reshape(steps, batch)

    def train_batch(carry: Any, chosen: jax.Array) -> tuple[Any, None]:
        weights, opt_state = carry
        gradients = jax.grad(mean_loss)(weights, inputs[chosen], targets[chosen])
        updates, opt_state = optimizer.update(gradients, opt_state, weights)
        return (optax.apply_updates(weights, updates), opt_state), None

    return jax.lax.scan(train_batch, (weights, opt_state), order)[0]


def mean_loss(weights: Weights, inputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the mean cross-entropy."""
    losses = optax.softmax_cross_entropy_with_integer_labels(scores(weights, inputs), targets)
    return losses.mean()


def scores(weights: Weights, inputs: jax.Array) -> jax.Array:
    """Return the scores of the classes, from bytes."""
    hidden = jax.nn.relu(inputs / 255.0 @ weights["in"] + weights["in_bias"])
    return hidden @ weights["out"] + weights["out_bias"]


def accuracy(weights: Weights, split: Split) -> float:
    """Return the fraction of examples that are classified correctly."""
    inputs, targets = read_split(split)
    return float(jnp.mean(jnp.argmax(scores(weights, inputs), -1) == targets))


def read_split(split: Split) -> tuple[jax.Array, jax.Array]:
    """Return the images of a split as rows of bytes, and their classes."""
    window = next(split.windows(None))
    inputs = jnp.asarray(window.inputs)[: window.count]
    targets = jnp.asarray(window.targets)[: window.count]
    return inputs.reshape(len(inputs), -1), targets.astype(jnp.int32)
