"""A connectivity as an argument. Oracle: the modules' own layouts, and their equations."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from extlab.blocks import BlockSparse
from jaxtyping import Array, Float

from darnax.connectivity import Connectivity, Dense, Sparse, make_connectivity
from darnax.modules import Feedback, FullyConnected, RecurrentDiscrete, RecurrentTanh
from darnax.rules import Delta, Hebbian, Perceptron

KEY = jax.random.key(3)
BLOCKS = partial(BlockSparse, blocks=4)


class Lax(Connectivity):
    """Accepts any keyword arguments, and stores their names."""

    names: tuple[str, ...] = eqx.field(static=True)
    dense: Dense

    def __init__(self, **given: object) -> None:
        self.names = tuple(sorted(given))
        self.dense = Dense(given["pre"], given["post"], given["hollow"])

    @property
    def fan_in(self) -> int:
        return self.dense.fan_in

    def init(self, key: Array) -> Float[Array, "pre post"]:
        return self.dense.init(key)

    def message(self, weight: Array, x: Array) -> Array:
        return self.dense.message(weight, x)

    def correlate(self, x: Array, e: Array) -> Array:
        return self.dense.correlate(x, e)


def equal(one, other) -> bool:
    """Return whether two modules hold the same arrays."""
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_a_module_supplies_sizes_key_and_hollow():
    layer = RecurrentDiscrete(6, 0.5, connectivity=Lax, key=KEY)
    assert layer.connectivity.names == ("hollow", "key", "post", "pre")
    assert layer.connectivity.dense == Dense(6, 6, hollow=True)
    adapter = FullyConnected((2, 3), 4, connectivity=Lax, key=KEY)
    assert adapter.connectivity.dense == Dense((2, 3), 4)


def test_the_layouts_of_darnax_are_accepted_as_arguments():
    own = FullyConnected(12, 5, 2.0, sparsity=0.75, key=KEY)
    given = FullyConnected(12, 5, 2.0, connectivity=partial(Sparse.uniform, in_degree=3), key=KEY)
    assert equal(own, given)
    dense = RecurrentDiscrete(6, 0.5, connectivity=Dense, key=KEY)
    assert equal(dense, RecurrentDiscrete(6, 0.5, key=KEY))


@pytest.mark.parametrize(
    "rule", [Perceptron(0.5), Hebbian(), Delta()], ids=lambda r: type(r).__name__
)
def test_a_module_learns_by_its_rule_on_the_blocks(rule):
    """ΔW = correlate(x, signal(y, h)), and only W changes."""
    module = FullyConnected(8, 12, rule=rule, connectivity=BLOCKS, key=KEY)
    x, y, h = (
        jax.random.normal(jax.random.key(n), (5, size)) for n, size in enumerate((8, 12, 12))
    )
    update = module.backward(x, y, h)
    expected = -module.connectivity.correlate(x, rule.signal(y, h))
    np.testing.assert_array_equal(update.W, expected)
    assert module.W.shape == (2, 12)
    assert not np.any(update.connectivity.senders)


@pytest.mark.parametrize("layer", [RecurrentDiscrete, RecurrentTanh])
def test_a_recurrent_layer_of_blocks_has_no_self_synapse(layer):
    """The message of unit i alone, without J_D, does not reach unit i."""
    module = layer(12, 0.0, connectivity=BLOCKS, key=KEY)
    alone = jnp.eye(12)
    assert not np.diagonal(module(alone)).any()
    assert np.count_nonzero(module(alone)) == 12 * 3


def test_feedback_has_any_layout():
    module = Feedback(4, 8, strength=2.0, high=1.5, low=-0.5, connectivity=BLOCKS, key=KEY)
    y = jnp.ones((1, 4))
    expected = 1.5 * np.asarray(module.W)[0]
    np.testing.assert_allclose(np.asarray(module(y))[0], expected, rtol=1e-6)
    assert not any(jax.tree.leaves(module.plastic()))


def test_feedback_without_a_layout_draws_independent_entries():
    """Oracle: independent entries N(0, strength²/fan_in) of the module's own key."""
    weight = jax.random.normal(KEY, (4, 8)) / 2 * 3
    np.testing.assert_allclose(Feedback(4, 8, 3.0, key=KEY).W, weight, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (partial(FullyConnected, 8, 8, sparsity=0.5, connectivity=BLOCKS), "got sparsity together"),
        (partial(FullyConnected, (8, 8), 8, patch=3, connectivity=BLOCKS), "got patch together"),
        (partial(RecurrentDiscrete, 8, 0.5, sparsity=0.5, connectivity=BLOCKS), "got sparsity"),
        (partial(FullyConnected, 8, 9, connectivity=BLOCKS), "got 4 blocks, expected a divisor"),
        (partial(FullyConnected, 8, 8, connectivity=lambda pre: pre), "returns tuple, expected a"),
        (
            partial(FullyConnected, 8, 6, connectivity=lambda pre: Dense(pre, pre)),
            r"sends messages of size \(8,\) to a receiver of size \(6,\)",
        ),
        (
            partial(RecurrentDiscrete, 8, 0.5, connectivity=lambda pre, post: Dense(pre, post)),
            "has no argument `hollow`",
        ),
    ],
)
def test_a_layout_of_the_wrong_size_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make(key=KEY)


def test_a_layout_is_the_same_in_a_compiled_program():
    @eqx.filter_jit
    def draw(key):
        return make_connectivity(BLOCKS, pre=(8,), post=(12,), key=key)

    plain = make_connectivity(BLOCKS, pre=(8,), post=(12,), key=KEY)
    np.testing.assert_array_equal(draw(KEY).senders, plain.senders)
