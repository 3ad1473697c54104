"""Symmetric weights and gates. Oracles: the dense layout, projections, and the adjoint."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from darnax.connectivity import Convolved, Dense, Gated, Sparse, SparseSymmetric, Symmetric
from darnax.modules import (
    Convolution,
    FullyConnected,
    RecurrentConvolution,
    RecurrentDiscrete,
)
from darnax.rules import Hebbian

KEY = jax.random.key(4)
UNITS = 6


def draw(*size, seed=0):
    return jax.random.normal(jax.random.key(seed), size)


def test_symmetric_weights_have_the_variance_of_dense_ones():
    """Oracle: the variance 1/N, five standard deviations of an estimate from 499,500 pairs."""
    weight = np.asarray(Symmetric(1000, 1000, hollow=True).init(KEY), np.float64)
    np.testing.assert_array_equal(weight, weight.T)
    pairs = weight[np.triu_indices(1000, 1)]
    assert abs(pairs.var() * 1000 - 1) < 5 * np.sqrt(2 / len(pairs))


def test_a_symmetric_update_is_the_projection_of_the_dense_one():
    x, e = draw(5, UNITS), draw(5, UNITS, seed=1)
    dense = np.asarray(Dense(UNITS, UNITS, hollow=True).correlate(x, e))
    found = np.asarray(Symmetric(UNITS, UNITS, hollow=True).correlate(x, e))
    np.testing.assert_array_equal(found, (dense + dense.T) / 2)


@pytest.mark.parametrize("optimizer", [optax.sgd(0.1), optax.sgd(0.1, momentum=0.9)])
def test_weights_stay_symmetric_to_the_last_bit(optimizer):
    layer = RecurrentDiscrete(UNITS, 0.5, connectivity=Symmetric, rule=Hebbian(), key=KEY)
    state = optimizer.init(eqx.filter(layer, layer.plastic()))
    for seed in range(5):
        s, h = jnp.sign(draw(5, UNITS, seed=seed)), draw(5, UNITS, seed=seed + 10)
        gradient = eqx.filter(layer.backward(s, s, h), layer.plastic())
        step, state = optimizer.update(gradient, state)
        layer = eqx.apply_updates(layer, step)
    weight = np.asarray(layer.J)
    np.testing.assert_array_equal(weight, weight.T)
    assert not np.any(np.diagonal(weight))


def test_symmetric_weights_couple_one_layer():
    with pytest.raises(ValueError, match=r"got the sizes \(3,\) and \(4,\), expected equal ones"):
        FullyConnected(3, 4, connectivity=Symmetric, key=KEY)


def test_sparse_symmetric_weights():
    """Oracles: the binomial number of pairs, the variance 1/fan_in, and the dense projection."""
    units, fan_in = 400, 40
    couplings = SparseSymmetric(units, units, 0.9, key=KEY)
    assert couplings.fan_in == fan_in
    above = np.triu_indices(units, 1)
    weight = np.asarray(couplings.init(jax.random.key(1)), np.float64)
    np.testing.assert_array_equal(weight, weight.T)
    assert not np.any(np.diagonal(weight))
    pairs, p = len(above[0]), fan_in / (units - 1)
    there = weight[above][weight[above] != 0]
    assert abs(len(there) - pairs * p) < 5 * np.sqrt(pairs * p * (1 - p))
    assert abs(there.var() * fan_in - 1) < 5 * np.sqrt(2 / len(there))
    x, e = draw(5, units), draw(5, units, seed=1)
    dense = np.asarray(Symmetric(units, units, hollow=True).correlate(x, e))
    expected = np.where(couplings.present, dense * np.sqrt(units / fan_in), 0)
    np.testing.assert_allclose(couplings.correlate(x, e), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, 4, 1.0), "got sparsity=1.0, expected one that leaves between 1 and 3 of 4 inputs"),
        ((4, 4, 0.5, False), "got hollow=False, expected couplings without self-synapses"),
        ((4, 3, 0.5), r"got the sizes \(4,\) and \(3,\), expected equal ones"),
    ],
)
def test_what_sparse_symmetric_weights_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        SparseSymmetric(*arguments, key=KEY)


MASK = jnp.array([1.0, 0.0, 0.5, 1.0])
GATED = {
    "dense": ((3,), (4,), Dense),
    "sparse": ((6,), (4,), partial(Sparse.uniform, in_degree=2)),
    "convolution": ((5, 5, 2), (5, 5, 4), lambda pre, post: Convolved(2, 4, 3)),
}


@pytest.mark.parametrize(("pre", "post", "inner"), GATED.values(), ids=GATED)
@pytest.mark.parametrize("gate", [0.25, "mask"])
def test_a_gate_multiplies_the_message_and_the_signal(pre, post, inner, gate):
    """Oracle: the same layout without a gate, of the message and the signal times it."""
    if gate == "mask":
        gate = jnp.broadcast_to(MASK, post)
    plain = FullyConnected(pre, post, rule=Hebbian(), connectivity=inner, key=KEY)
    gated = partial(Gated, gate=gate, inner=inner)
    adapter = FullyConnected(pre, post, rule=Hebbian(), connectivity=gated, key=KEY)
    np.testing.assert_array_equal(adapter.W, plain.W)
    x, y = draw(3, *pre), draw(3, *post, seed=1)
    np.testing.assert_allclose(adapter(x), np.asarray(plain(x)) * np.asarray(gate), rtol=1e-6)
    update, gated_signal = adapter.backward(x, y, y).W, np.asarray(y) * np.asarray(gate)
    expected = plain.backward(x, jnp.asarray(gated_signal), y).W
    np.testing.assert_allclose(update, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "weight"),
    [
        (partial(Convolution, (4, 4, 2), (4, 4, 2), rule=Hebbian(), key=KEY), "W"),
        (partial(RecurrentConvolution, (4, 4, 2), 0.0, rule=Hebbian(), key=KEY), "J"),
    ],
)
def test_a_convolution_has_a_gate_for_every_unit(make, weight):
    """Oracle: the same convolution without a gate, of the message and the signal times it."""
    size = (4, 4, 2)
    gate = np.arange(32, dtype=np.float32).reshape(size) / 32
    plain, gated = make(), make(gate=gate)
    x, y = draw(3, *size), draw(3, *size, seed=1)
    np.testing.assert_allclose(gated(x), np.asarray(plain(x)) * gate, rtol=1e-6)
    expected = plain.backward(x, jnp.asarray(np.asarray(y) * gate), y)
    found = gated.backward(x, y, y)
    np.testing.assert_allclose(
        getattr(found, weight), getattr(expected, weight), rtol=1e-5, atol=1e-6
    )
    with pytest.raises(ValueError, match=r"gate: got shape \(3,\), expected \(\) or \(4, 4, 2\)"):
        make(gate=jnp.ones(3))


def test_synapses_behind_a_closed_gate_do_not_learn():
    gated = partial(Gated, gate=MASK)
    adapter = FullyConnected(3, 4, rule=Hebbian(), connectivity=gated, key=KEY)
    update = np.asarray(adapter.backward(draw(5, 3), draw(5, 4), draw(5, 4)).W)
    np.testing.assert_array_equal(np.any(update, axis=0), MASK > 0)
    assert [bool(leaf) for leaf in jax.tree.leaves(adapter.plastic())].count(True) == 1


def test_a_gate_has_one_number_or_one_for_each_unit():
    with pytest.raises(ValueError, match=r"gate: got shape \(3,\), expected \(\) or \(4,\)"):
        Gated(3, 4, gate=jnp.ones(3), key=KEY)


def test_a_gated_recurrent_layer_is_hollow():
    layer = RecurrentDiscrete(UNITS, 0.0, connectivity=partial(Gated, gate=0.5), key=KEY)
    assert not np.any(np.diagonal(np.asarray(layer.J)))
