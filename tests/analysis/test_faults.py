"""Faults inside a network. Oracles: numpy, and the network without faults."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.analysis.faults import (
    UnreliableOrchestrator,
    quantise,
    remove_synapses,
    round_to_levels,
)
from darnax.layer_map import LayerMap
from darnax.modules import FullyConnected, OutputLayer, RecurrentDiscrete
from darnax.orchestrators import SequentialOrchestrator
from darnax.states import SequentialState

UNITS = 300


@pytest.fixture
def network() -> SequentialOrchestrator:
    keys = jax.random.split(jax.random.key(0), 3)
    rows = {
        1: {
            0: FullyConnected(40, UNITS, key=keys[0]),
            1: RecurrentDiscrete(UNITS, 0.5, sparsity=0.9, key=keys[1]),
        },
        2: {1: FullyConnected(UNITS, 3, key=keys[2]), 2: OutputLayer()},
    }
    return SequentialOrchestrator(LayerMap.from_dict(rows))


@pytest.fixture
def state() -> SequentialState:
    inputs = jax.random.rademacher(jax.random.key(1), (50, 40), jnp.float32)
    return SequentialState([40, UNITS, 3]).init(inputs)


def test_one_bit_keeps_the_sign_and_the_mean_of_the_absolute_weights():
    weights = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    rounded = np.asarray(round_to_levels(weights, 1))
    assert (np.sign(rounded) == np.sign(weights)).all()
    assert np.unique(np.abs(rounded)).size == 1
    assert np.isclose(np.abs(rounded[0]), np.abs(weights).mean(), rtol=0.05)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_there_are_at_most_as_many_levels_as_the_bits_allow(bits):
    weights = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    weights[::10] = 0
    rounded = np.asarray(round_to_levels(weights, bits))
    assert (rounded[::10] == 0).all()
    assert np.unique(rounded[rounded != 0]).size <= 2**bits
    # Max (1960), Quantizing for minimum distortion, table II: uniform levels, a Gaussian variable.
    published = {2: 0.1188, 3: 0.03744, 4: 0.01154}
    error = np.mean((rounded - weights)[weights != 0] ** 2)
    if bits in published:
        assert np.isclose(error, published[bits], rtol=0.1)
    else:
        assert error < 2e-4


def test_synapses_are_removed_with_the_given_probability(network):
    removed = remove_synapses(network, 0.3, jax.random.key(2))
    before, after = (np.asarray(one.layer_map[1, 0].W) for one in (network, removed))
    assert np.isclose(np.mean(after == 0), 0.3, atol=0.02)
    assert (after[after != 0] == before[after != 0]).all()
    for one, same in ((0.0, before), (1.0, 0 * before)):
        found = remove_synapses(network, one, jax.random.key(2)).layer_map[1, 0].W
        np.testing.assert_array_equal(found, same)


def test_what_is_no_weight_stays(network):
    for changed in (remove_synapses(network, 0.5, jax.random.key(2)), quantise(network, 1)):
        assert changed.layer_map[1, 1].J_D == network.layer_map[1, 1].J_D
        assert changed.layer_map[1, 1].J.shape == network.layer_map[1, 1].J.shape
        assert jax.tree.structure(changed) == jax.tree.structure(network)


def test_units_that_never_flip_change_nothing(network, state):
    unreliable = UnreliableOrchestrator(network.layer_map, 0.0)
    one, _ = network.step(state, jax.random.key(3))
    other, _ = unreliable.step(state, jax.random.key(3))
    np.testing.assert_array_equal(one[1], other[1])


def test_units_flip_with_the_given_probability(network, state):
    step = eqx.filter_jit(lambda one: one.step(state, jax.random.key(3))[0][1])
    clean = step(network)
    np.testing.assert_array_equal(step(UnreliableOrchestrator(network.layer_map, 1.0)), -clean)
    flipped = step(UnreliableOrchestrator(network.layer_map, 0.2)) != clean
    assert abs(flipped.mean() - 0.2) < 5 * (0.2 * 0.8 / flipped.size) ** 0.5


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_outside_of_0_and_1_is_refused(network, share):
    with pytest.raises(ValueError, match="expected a number from 0 to 1"):
        remove_synapses(network, share, jax.random.key(0))


def test_weights_need_a_bit(network):
    with pytest.raises(ValueError, match="got bits=0, expected 1 or more"):
        quantise(network, 0)
