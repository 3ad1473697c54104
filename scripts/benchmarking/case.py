"""One piece of work for all contenders: a network, a schedule, rates and batches."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from darnax.layer_map import LayerMap
from darnax.learning import group_by_module
from darnax.modules import (
    Adapter,
    Convolution,
    Ferromagnetic,
    FullyConnected,
    Layer,
    OutputLayer,
    RecurrentConvolution,
    RecurrentDiscrete,
)
from darnax.orchestrators import Orchestrator, SequentialOrchestrator
from darnax.relaxation import Phase, Phases
from darnax.states import SequentialState

IMAGE, CLASSES = (28, 28, 1), 10
J_D, MARGIN, READOUT_MARGIN = 0.9375, 1.75, 7.0
RATES = {"hidden": 0.058, "w_in": 0.159, "w_out": 0.005}
SHRINK = 0.01 * RATES["w_in"] / 28  # of the input weights, per batch
TRAIN = Phases(
    warmup=Phase(steps=1, messages="forward"),
    clamped=Phase(steps=5),
    free=Phase(steps=5, messages="forward", learn=("*",)),
)
INFER = {"recall": Phase(start="blank", steps=6, messages="forward")}


class Case(NamedTuple):
    """A network and its batch size: `depth` layers of `units`, sparse (1 % of J, 10 % of the input weights) or dense.

    A convolution has 28 × 28 × `units` of them, 5 × 5 windows on the image and 3 × 3 windows on themselves.
    """

    family: str
    units: int
    batch: int
    depth: int = 1

    @property
    def size(self) -> tuple[int, ...]:
        """Of a hidden buffer."""
        return (*IMAGE[:2], self.units) if self.family == "convolution" else (self.units,)

    def __str__(self) -> str:
        if self.family == "convolution":
            return f"convolution 28×28×{self.units} B={self.batch}"
        return f"{self.family} N={self.units} B={self.batch} depth={self.depth}"


def make_network(case: Case, key: Array) -> Orchestrator:
    """Return the network, every weight a multiple of 1/256, so that float32 adds up its messages exactly, in any order."""
    keys = iter(jax.random.split(key, case.depth + 3))
    n, last = case.size if len(case.size) > 1 else case.units, case.depth
    rows: dict[int, dict[int, Any]] = {}
    for i in range(1, last + 1):
        rows[i] = {i: recurrent(case, next(keys))}
        rows[i] |= {j: Ferromagnetic(n) for j in (i - 1, i + 1) if 1 <= j <= last}
    rows[1][0] = inputs(case, next(keys))
    rows[last][last + 1] = FullyConnected(CLASSES, n, 1.5, rule=None, key=next(keys))
    rows[last + 1] = {
        last: FullyConnected(n, CLASSES, threshold=READOUT_MARGIN, key=next(keys)),
        last + 1: OutputLayer(),
    }
    names = {(1, 0): "w_in", (last + 1, last): "w_out"} | {
        (i, i): f"hidden{i}" for i in range(1, last + 1)
    }
    coarse = lambda a: jnp.round(a * 256) / 256 if jnp.issubdtype(a.dtype, jnp.floating) else a  # noqa: E731
    return jax.tree.map(coarse, SequentialOrchestrator(LayerMap.from_dict(rows, names)))


def recurrent(case: Case, key: Array) -> Layer:
    if case.family == "convolution":
        return RecurrentConvolution(case.size, J_D, MARGIN, key=key)
    return RecurrentDiscrete(
        case.units, J_D, MARGIN, sparsity=0.99 if case.family == "sparse" else None, key=key
    )


def inputs(case: Case, key: Array) -> Adapter:
    if case.family == "convolution":
        return Convolution(IMAGE, case.size, 5, 5.0, MARGIN, key=key)
    sparsity = 0.9 if case.family == "sparse" else None
    return FullyConnected(IMAGE, case.units, 5.0, MARGIN, sparsity=sparsity, key=key)


def make_state(case: Case) -> SequentialState:
    return SequentialState([IMAGE, *[case.size] * case.depth, (CLASSES,)])


def make_optimizer(network: Orchestrator) -> optax.GradientTransformation:
    shrinking = optax.chain(
        optax.add_decayed_weights(SHRINK / RATES["w_in"]), optax.sgd(RATES["w_in"])
    )
    groups = {
        "hidden*": optax.sgd(RATES["hidden"]),
        "w_in": shrinking,
        "w_out": optax.sgd(RATES["w_out"]),
    }
    return group_by_module(network, optax.sgd(0.0), groups)


def make_batches(case: Case, count: int) -> tuple[Array, Array]:
    """Return images in multiples of 1/256, a fifth of their pixels lit, and labels in ±1."""
    shape = (count, case.batch, *IMAGE)
    lit, shade, label = jax.random.split(jax.random.key(1), 3)
    x = jnp.where(
        jax.random.bernoulli(lit, 0.2, shape), jax.random.randint(shade, shape, 0, 256) / 256, 0.0
    )
    classes = jax.random.randint(label, shape[:2], 0, CLASSES)
    return x, 2 * jax.nn.one_hot(classes, CLASSES, dtype=jnp.float32) - 1
