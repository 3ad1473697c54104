"""Small networks, one for every connectivity, for the tests of everything above the modules."""

from collections.abc import Callable, Iterator
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from darnax.layer_map import LayerMap
from darnax.modules import (
    Convolution,
    Ferromagnetic,
    FullyConnected,
    OutputLayer,
    RecurrentConvolution,
    RecurrentDiscrete,
    RecurrentTanh,
)
from darnax.rules import Hebbian, SoftmaxDelta

Network = tuple[LayerMap, list[tuple[int, ...]]]
BATCH = 3


def drawn_once(make: Callable[[], Network]) -> Callable[[], Network]:
    """Draw all weights in one compiled program, and only once: networks are immutable."""
    return cache(eqx.filter_jit(make))


def keys() -> Iterator[Array]:
    return iter(jax.random.split(jax.random.key(7), 10))


@drawn_once
def chain() -> Network:
    """Return two dense, mutually coupled layers, with names as in a configuration."""
    key = keys()
    first = {
        0: FullyConnected(6, 9, 2.0, 0.5, key=next(key)),
        1: RecurrentDiscrete(9, 0.5, 1.0, key=next(key)),
        2: Ferromagnetic(9, 0.7),
    }
    second = {
        1: Ferromagnetic(9, 0.4),
        2: RecurrentDiscrete(9, 0.9, 1.5, key=next(key)),
        3: frozen(4, 9, next(key)),
    }
    readout = {2: FullyConnected(9, 4, rule=SoftmaxDelta(), key=next(key)), 3: OutputLayer()}
    names = {
        (1, 0): "w_in",
        (1, 1): "hidden1",
        (2, 2): "hidden2",
        (2, 3): "w_back",
        (3, 2): "w_out",
        (3, 3): "output",
    }
    return LayerMap.from_dict({1: first, 2: second, 3: readout}, names), [(6,), (9,), (9,), (4,)]


@drawn_once
def sparse() -> Network:
    """Four synapses for every unit, some from a patch of an image, and continuous units."""
    key = keys()
    first = {
        0: FullyConnected((5, 4, 2), (3, 4), patch=3, sparsity=0.9, threshold=1.0, key=next(key)),
        1: RecurrentDiscrete((3, 4), 0.5, 1.0, sparsity=0.67, key=next(key)),
        2: FullyConnected(12, (3, 4), sparsity=0.67, rule=Hebbian(), key=next(key)),
    }
    second = {
        1: FullyConnected((3, 4), 12, sparsity=0.67, key=next(key)),
        2: RecurrentTanh(12, 0.2, sparsity=0.67, key=next(key)),
    }
    readout = {2: FullyConnected(12, 3, 0.5, 7.0, key=next(key)), 3: OutputLayer()}
    return LayerMap.from_dict({1: first, 2: second, 3: readout}), [(5, 4, 2), (3, 4), (12,), (3,)]


@drawn_once
def images() -> Network:
    """Images that are shrunk, coupled to their neighbourhood, grown back, and read out."""
    key = keys()
    small, large = (3, 2, 2), (5, 4, 1)
    first = {
        0: Convolution(large, small, 3, 2.0, 0.5, stride=2, key=next(key)),
        1: RecurrentConvolution(small, 0.5, 0.8, key=next(key)),
        2: Convolution(
            (6, 4, 1), small, 2, stride=2, padding="VALID", rule=Hebbian(), key=next(key)
        ),
    }
    second = {
        1: Convolution(small, (6, 4, 1), 3, stride=2, transposed=True, key=next(key)),
        2: RecurrentConvolution((6, 4, 1), 0.2, width=5, key=next(key)),
        3: frozen(3, (6, 4, 1), next(key)),
    }
    readout = {
        2: FullyConnected((6, 4, 1), 3, rule=SoftmaxDelta(), key=next(key)),
        3: OutputLayer(),
    }
    return LayerMap.from_dict({1: first, 2: second, 3: readout}), [large, small, (6, 4, 1), (3,)]


def frozen(pre: int, post: int | tuple[int, ...], key: Array) -> FullyConnected:
    return FullyConnected(pre, post, 1.6, rule=None, key=key)


NETWORKS: dict[str, Callable[[], Network]] = {"chain": chain, "sparse": sparse, "images": images}


def sample(sizes: list[tuple[int, ...]], seed: int = 3, batch: int = BATCH) -> tuple[Array, Array]:
    """Return Gaussian inputs and one-of-many labels in ±1, for a state of these sizes."""
    inputs, labels = jax.random.split(jax.random.key(seed))
    x = jax.random.normal(inputs, (batch, *sizes[0]))
    classes = jax.random.randint(labels, (batch,), 0, sizes[-1][0])
    return x, 2 * jax.nn.one_hot(classes, sizes[-1][0], dtype=jnp.float32) - 1
