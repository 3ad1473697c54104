"""The task of all implementations: a network, phases, learning rates and batches."""

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
from darnax.phases import Phase, Phases
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
    """A network and its batch size.

    Args:
        family: `dense`; `sparse`, with 1 % of J and 10 % of the input weights; or `convolution`,
            with 5×5 windows on the image and 3×3 windows in J.
        units: of each layer; a convolution has 28×28 times as many.
        batch: examples of a batch.
        depth: number of layers.
    """

    family: str
    units: int
    batch: int
    depth: int = 1

    @property
    def size(self) -> tuple[int, ...]:
        """The size of a hidden buffer."""
        return (*IMAGE[:2], self.units) if self.family == "convolution" else (self.units,)

    def __str__(self) -> str:
        if self.family == "convolution":
            return f"convolution 28×28×{self.units} B={self.batch}"
        return f"{self.family} N={self.units} B={self.batch} depth={self.depth}"


def make_network(case: Case, key: Array) -> Orchestrator:
    """Return the network, with weights that are multiples of 1/256.

    Then float32 sums are exact in any order, so that the results of different implementations can
    be compared.
    """
    keys = iter(jax.random.split(key, case.depth + 3))
    n, last = case.size if len(case.size) > 1 else case.units, case.depth
    rows: dict[int, dict[int, Any]] = {}
    for i in range(1, last + 1):
        rows[i] = {i: make_layer(case, next(keys))}
        rows[i] |= {j: Ferromagnetic(n) for j in (i - 1, i + 1) if 1 <= j <= last}
    rows[1][0] = make_input_weights(case, next(keys))
    rows[last][last + 1] = FullyConnected(CLASSES, n, 1.5, rule=None, key=next(keys))
    rows[last + 1] = {
        last: FullyConnected(n, CLASSES, threshold=READOUT_MARGIN, key=next(keys)),
        last + 1: OutputLayer(),
    }
    names = {(1, 0): "w_in", (last + 1, last): "w_out"}
    names |= {(i, i): f"hidden{i}" for i in range(1, last + 1)}
    return jax.tree.map(round_floats, SequentialOrchestrator(LayerMap.from_dict(rows, names)))


def round_floats(array: Array) -> Array:
    """Round floating-point numbers to multiples of 1/256; indices stay."""
    is_floating = jnp.issubdtype(array.dtype, jnp.floating)
    return jnp.round(array * 256) / 256 if is_floating else array


def make_layer(case: Case, key: Array) -> Layer:
    if case.family == "convolution":
        return RecurrentConvolution(case.size, J_D, MARGIN, key=key)
    sparsity = 0.99 if case.family == "sparse" else None
    return RecurrentDiscrete(case.units, J_D, MARGIN, sparsity=sparsity, key=key)


def make_input_weights(case: Case, key: Array) -> Adapter:
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
    """Return images of multiples of 1/256, of whose pixels 80 % are black, and labels in ±1."""
    shape = (count, case.batch, *IMAGE)
    mask_key, value_key, label_key = jax.random.split(jax.random.key(1), 3)
    values = jax.random.randint(value_key, shape, 0, 256) / 256
    x = jnp.where(jax.random.bernoulli(mask_key, 0.2, shape), values, 0.0)
    classes = jax.random.randint(label_key, shape[:2], 0, CLASSES)
    return x, 2 * jax.nn.one_hot(classes, CLASSES, dtype=jnp.float32) - 1
