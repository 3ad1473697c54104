"""Small networks of the shipped experiments, with their weights as arrays of numpy."""

from functools import cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from darnax.builder import build
from darnax.composing.composer import compose
from darnax.learning import init_optimizer, train_step
from darnax.schedule import run_phases

SGD = optax.sgd(1.0)  # one object; a step then adds ΔW
KEY = jax.random.key(5)
RUNNER = ["tracking=local", "data.batch_size=4"]


@cache
def experiment(name: str, *overrides: str) -> Any:
    return build(compose([f"+experiment={name}", *RUNNER, *overrides]))


def network_of(made: Any, seed: int = 3) -> Any:
    return eqx.filter_jit(made.make_network)(jax.random.key(seed))


def weights(network: Any) -> dict[str, np.ndarray]:
    """Return every array of a network in float64, by the name of its module and its own."""
    layer_map = network.layer_map
    found = {}
    for name, module in zip(layer_map.names, layer_map.modules, strict=True):
        for path, array in jax.tree.leaves_with_path(module):
            found[f"{name}.{path[-1].name}"] = np.asarray(array, np.float64)
    return found


def with_weights(network: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Return the network with some arrays replaced, named as by `weights`."""
    for place, array in arrays.items():
        module, attribute = place.split(".")
        network = eqx.tree_at(
            lambda net, m=module, a=attribute: getattr(net.layer_map[m], a),
            network,
            jnp.asarray(array, jnp.float32),
        )
    return network


@eqx.filter_jit
def _step(network: Any, state: Any, phases: Any, x: Any, y: Any, score: str | None) -> Any:
    opt_state = init_optimizer(network, SGD, phases)
    return train_step(network, SGD, opt_state, state, phases, x, y, KEY, score=score)


def changes(made: Any, network: Any, x: np.ndarray, y: np.ndarray, phases: Any = None) -> Any:
    """Return what a step of training adds to every array, by the names of `weights`."""
    chosen = made.train if phases is None else phases
    inputs, labels = (jnp.asarray(array, jnp.float32) for array in (x, y))
    numbers = jax.tree.map(lambda number: jnp.asarray(number, jnp.float32), chosen)
    learnt = _step(network, made.state, numbers, inputs, labels, made.score)
    before, after = weights(network), weights(learnt.network)
    return {name: after[name] - before[name] for name in before}


def ends(made: Any, network: Any, x: np.ndarray, y: np.ndarray, phases: Any = None) -> Any:
    """Return the end of every phase of training, by name."""
    inputs, labels = (jnp.asarray(array, jnp.float32) for array in (x, y))
    state = made.state.init(inputs, labels)
    return dict(run_phases(network, state, made.train if phases is None else phases, KEY))


def examples(made: Any, batch: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return Gaussian inputs, and labels of one class each in the code of the experiment."""
    rng = np.random.default_rng(seed)
    labels = made.data.labels
    size = made.state[0].shape[1:]
    x = rng.normal(size=(batch, *size))
    classes = rng.integers(0, made.data.classes, batch)
    y = np.full((batch, made.data.classes), float(labels.low))
    y[np.arange(batch), classes] = float(labels.high)
    return x, y


def softmax(h: np.ndarray) -> np.ndarray:
    powers = np.exp(h - h.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
