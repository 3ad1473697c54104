"""Sweeps, predictions and updates of whole networks, step by step against loops in numpy."""

from itertools import permutations

import equinox as eqx
import jax
import jax.numpy as jnp
import naive
import numpy as np
import pytest
from networks import NETWORKS, chain, sample

from darnax.layer_map import LayerMap
from darnax.modules import Adapter, Ferromagnetic, OutputLayer, RecurrentDiscrete
from darnax.orchestrators import (
    AsynchronousOrchestrator,
    ParallelOrchestrator,
    SequentialOrchestrator,
)
from darnax.states import SequentialState

KEY = jax.random.key(11)
ORDERS = [SequentialOrchestrator, ParallelOrchestrator]
ALL_ORDERS = [*ORDERS, AsynchronousOrchestrator]
CASES = [
    *((name, order, "all") for name in NETWORKS for order in ORDERS),
    *(("chain", order, messages) for order in ORDERS for messages in ("forward", "unsupervised")),
]


@eqx.filter_jit
def step(network, state, messages="all", clamped=None):
    return network.step(state, KEY, messages, clamped)[0]


def started(name):
    """Return the connection graph of a network and a state with no empty buffer."""
    layer_map, sizes = NETWORKS[name]()
    rng = np.random.default_rng(5)
    x, y = sample(sizes)
    hidden = [np.sign(rng.normal(size=(len(x), *size))).astype(np.float32) for size in sizes[1:-1]]
    return layer_map, SequentialState(sizes).replace([x, *hidden, y])


def buffers(state):
    return [np.asarray(state[i], np.float64) for i in range(len(state))]


@pytest.mark.parametrize(("name", "order", "messages"), CASES)
def test_every_step_is_the_naive_step(name, order, messages):
    layer_map, state = started(name)
    network = order(layer_map)
    for _ in range(4):
        expected = naive.step(
            network, buffers(state), messages, parallel=order is ParallelOrchestrator
        )
        state = step(network, state, messages)
        for i, buffer in enumerate(buffers(state)):
            if set(np.unique(buffer)) <= {-1.0, 1.0}:
                np.testing.assert_array_equal(buffer, expected[i])
            else:
                np.testing.assert_allclose(buffer, expected[i], atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_prediction_is_the_readout_of_the_state(name):
    layer_map, state = started(name)
    network = SequentialOrchestrator(layer_map)
    predicted, _ = eqx.filter_jit(network.predict)(state, KEY)
    np.testing.assert_allclose(
        predicted[-1], naive.field(network, buffers(state), len(state) - 1), atol=1e-5
    )
    for i in range(len(state) - 1):
        np.testing.assert_array_equal(predicted[i], state[i])


@pytest.mark.parametrize("messages", ["all", "forward"])
@pytest.mark.parametrize("name", NETWORKS)
def test_backward_holds_minus_the_change_of_every_module(name, messages):
    layer_map, state = started(name)
    network = SequentialOrchestrator(layer_map)
    updates = eqx.filter_jit(network.backward)(state, KEY, messages)
    assert jax.tree.structure(updates) == jax.tree.structure(network)
    s = buffers(state)
    for (i, j), module in layer_map.edge_items():
        change = naive.change(module, s[j], s[i], naive.field(network, s, i, messages))
        for path, array in jax.tree.leaves_with_path(updates.layer_map[i, j]):
            weight = change is not None and path[-1].name in ("W", "J")
            np.testing.assert_allclose(
                array, -change if weight else np.zeros_like(array), atol=2e-6
            )


@pytest.mark.parametrize("order", ALL_ORDERS)
@pytest.mark.parametrize("name", NETWORKS)
def test_clamped_messages_change_nothing_bit_for_bit(name, order):
    layer_map, state = started(name)
    network = order(layer_map)
    clamped = eqx.filter_jit(network.clamped_messages)(state, KEY)
    assert set(clamped) == {
        (i, j) for i, j in layer_map.edges if i != j and j in (0, layer_map.output)
    }
    ahead, behind = step(network, state, "all", clamped), step(network, state)
    for i in range(len(state)):
        np.testing.assert_array_equal(ahead[i], behind[i])


def test_sequential_and_synchronous_updates_differ():
    layer_map, state = started("images")
    after = [step(order(layer_map), state) for order in ORDERS]
    np.testing.assert_array_equal(after[0][1], after[1][1])
    assert not jnp.array_equal(after[0][2], after[1][2])


@pytest.mark.parametrize("name", NETWORKS)
def test_one_turn_equals_the_sequential_order(name):
    layer_map, state = started(name)
    after = [
        step(network, state)
        for network in (AsynchronousOrchestrator(layer_map, 1), SequentialOrchestrator(layer_map))
    ]
    for i in range(len(state)):
        np.testing.assert_array_equal(after[0][i], after[1][i])


def test_with_many_turns_units_update_one_by_one_in_every_order():
    """Oracle: all 24 orders of four units in numpy; with this J few states are reached."""
    layer = RecurrentDiscrete(4, 0.1, key=jax.random.key(8))
    network = AsynchronousOrchestrator(
        LayerMap.from_dict({1: {1: layer}, 2: {2: OutputLayer()}}), turns=5000
    )
    start = np.array([1.0, -1.0, 1.0, 1.0])
    state = (
        SequentialState([(1,), (4,), (1,)])
        .init(jnp.zeros((400, 1)))
        .replace_val(1, jnp.tile(start, (400, 1)))
    )
    found = {tuple(row) for row in np.asarray(step(network, state)[1])}

    J, expected = np.asarray(layer.J, np.float64), set()
    for order in permutations(range(4)):
        s = start.copy()
        for i in order:
            s[i] = 1 if s @ J[:, i] + 0.1 * s[i] >= 0 else -1
        expected.add(tuple(s))
    assert found == expected
    assert len(expected) > 2


def test_a_random_order_depends_on_the_key_and_the_sample():
    layer_map, sizes = chain()
    network = AsynchronousOrchestrator(layer_map, turns=3)
    x, y = sample(sizes, batch=1)
    state = SequentialState(sizes).init(jnp.tile(x, (40, 1)), jnp.tile(y, (40, 1)))
    once, again, other = (network.step(state, key)[0][1] for key in (KEY, KEY, jax.random.key(12)))
    np.testing.assert_array_equal(once, again)
    assert not jnp.array_equal(once, other)
    assert len(np.unique(once, axis=0)) > 1


def test_zero_turns_are_refused():
    with pytest.raises(ValueError, match="turns=0"):
        AsynchronousOrchestrator(chain()[0], 0)


class Noise(Adapter):
    """An adapter that draws."""

    def __call__(self, x, rng=None):
        return jax.random.normal(rng, x.shape)

    def backward(self, x, y, y_hat):
        return self


@pytest.mark.parametrize("order", ALL_ORDERS)
def test_every_edge_and_every_step_draws_its_own_numbers(order):
    rows = {
        1: {0: Noise(), 1: RecurrentDiscrete(50, 0.0, key=KEY)},
        2: {0: Noise(), 2: OutputLayer()},
    }
    network = order(LayerMap.from_dict(rows))
    state = SequentialState([(50,), (50,), (50,)]).init(jnp.zeros((1, 50)))
    once, fresh = network.step(state, KEY)
    again, _ = network.step(state, KEY)
    later, _ = network.step(state, fresh)
    assert jnp.array_equal(once[1], again[1])
    assert not jnp.array_equal(once[1], later[1])
    fields = network.fields(state, KEY)
    assert not jnp.array_equal(fields[1], fields[2])


def test_a_layer_may_reduce_its_messages_in_its_own_way():
    class Maximum(RecurrentDiscrete):
        def reduce(self, h):
            return jax.tree.reduce(lambda a, b: jnp.where(jnp.abs(a) >= jnp.abs(b), a, b), h)

    layer = Maximum(3, 0.5, key=KEY)
    network = ParallelOrchestrator(
        LayerMap.from_dict({1: {0: Ferromagnetic(3, 5.0), 1: layer}, 2: {2: OutputLayer()}})
    )
    state = SequentialState([(3,), (3,), (2,)]).replace_val(0, jnp.array([[-1.0, 1.0, -1.0]]))
    assert network.step(state, KEY)[0][1].tolist() == [[-1.0, 1.0, -1.0]]


def test_the_chain_has_the_expected_edges():
    layer_map, sizes = chain()
    assert layer_map.names == (
        "w_in",
        "hidden1",
        "2_to_1",
        "1_to_2",
        "hidden2",
        "w_back",
        "w_out",
        "output",
    )
    assert sizes == [(6,), (9,), (9,), (4,)]
