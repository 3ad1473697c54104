"""Units of any activation, recurrence, leak and bias. Oracle: loops and sums in numpy."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import naive
import numpy as np
import pytest

from darnax.activations import KWinners, ReLU, Step, Tanh
from darnax.connectivity import Convolved, Dense, Sparse
from darnax.modules import BinaryUnits, OutputLayer, RecurrentDiscrete, Units
from darnax.rules import Delta, Hebbian, Perceptron, ZeroOne

KEY = jax.random.key(4)
IMAGE = (3, 4, 2)


def arrays(size, seed=5, batch=3):
    """Return the buffer of a layer before a step and at its end, and its field."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(3, batch, *size)).astype(np.float32)
    return tuple(map(jnp.asarray, drawn))


def image_window(pre, post, hollow):
    return Convolved(pre[-1], post[-1], 3, hollow=hollow)


def test_by_default_they_are_binary_units():
    units, plain = Units((2, 3)), BinaryUnits((2, 3))
    s, y, h = arrays((2, 3))
    assert jnp.array_equal(units(s), plain(s))
    assert jnp.array_equal(units.next_state(s, h), plain.next_state(s, h))
    assert not any(jax.tree.leaves(units.plastic()))
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(units.backward(s, y, h)))


def test_with_a_dense_connectivity_they_are_recurrent_units():
    units = Units(6, connectivity=Dense, j_d=0.5, rule=Perceptron(1.0), key=KEY)
    layer = RecurrentDiscrete(6, 0.5, 1.0, key=KEY)
    s, y, h = arrays((6,))
    assert jnp.array_equal(units.J, layer.J)
    np.testing.assert_allclose(units(s), layer(s), rtol=1e-6)
    assert jnp.array_equal(units.activation(h), layer.activation(h))
    assert jnp.array_equal(units.backward(s, y, h).J, layer.backward(s, y, h).J)


def test_a_sparsity_is_that_of_recurrent_units():
    strength = jnp.arange(8.0)
    units = Units(8, sparsity=0.5, strength=strength, key=KEY)
    layer = RecurrentDiscrete(8, 0.0, sparsity=0.5, strength=strength, key=KEY)
    assert jnp.array_equal(units.J, layer.J)
    assert jnp.array_equal(units.connectivity.inputs, layer.connectivity.inputs)


@pytest.mark.parametrize(
    ("size", "connectivity"),
    [
        ((6,), Dense),
        ((2, 3), partial(Sparse.uniform, in_degree=3)),
        (IMAGE, image_window),
    ],
    ids=["dense", "sparse", "image"],
)
def test_message_and_update(size, connectivity):
    """The message is Σ J s + J_D s + b, and both J and b learn by their own rules."""
    shared = size[-1:] if len(size) == 3 else size
    j_d = np.linspace(-1, 1, num=size[-1], dtype=np.float32)
    j_d = j_d if len(size) in (1, 3) else 0.3
    own = {"connectivity": connectivity, "j_d": j_d, "rule": Delta(), "bias": Hebbian()}
    units = Units(size, Tanh(), **own, key=KEY)
    b = jax.random.normal(KEY, shared)
    units = eqx.tree_at(lambda m: m.b, units, b)
    s, y, h = arrays(size)
    expected = naive.message(units.connectivity, units.J, s, size) + j_d * np.asarray(s)
    np.testing.assert_allclose(eqx.filter_jit(units)(s), expected + np.asarray(b), atol=1e-5)

    update = units.backward(s, y, h)
    np.testing.assert_allclose(update.J, -naive.change(units, s, y, h), atol=1e-6)
    summed = np.zeros(shared)
    for place in np.ndindex(y.shape):
        summed[place[-len(shared) :]] += y[place]
    np.testing.assert_allclose(update.b, -summed / np.sqrt(len(y)), atol=1e-5)
    changed = jax.tree.map(lambda array: bool(np.any(array)), update)
    assert changed == units.plastic()


def test_a_bias_learns_as_a_weight_from_one_input_that_is_always_one():
    units = Units(5, bias=Delta())
    s, y, h = arrays((5,))
    weight = Dense((1,), (5,)).correlate(jnp.ones((len(y), 1)), y - h)
    np.testing.assert_allclose(units.backward(s, y, h).b, -weight[0], rtol=1e-5)
    assert jax.tree.leaves(units.plastic()).count(True) == 1


def test_only_what_has_a_rule_is_plastic():
    frozen = Units(4, connectivity=Dense, rule=None, key=KEY)
    assert not any(jax.tree.leaves(frozen.plastic()))
    biased = Units(4, connectivity=Dense, rule=None, bias=Hebbian(), key=KEY)
    assert biased.plastic().b is True
    assert biased.plastic().J is False
    default = Units(4, connectivity=Dense, key=KEY)
    assert isinstance(default.rule, Perceptron)
    assert default.plastic().J is True


@pytest.mark.parametrize("rate", [0.25, np.linspace(0, 1, 6, dtype=np.float32)])
def test_the_leaky_step(rate):
    units = Units(6, ReLU(), rate=rate)
    s, _, h = map(np.asarray, arrays((6,)))
    expected = s + rate * (np.maximum(h, 0) - s)
    state = eqx.filter_jit(units.next_state)(jnp.asarray(s), jnp.asarray(h))
    np.testing.assert_allclose(state, expected, atol=1e-6)


def test_the_ends_of_the_rate_are_exact():
    s, _, h = arrays((6,))
    assert jnp.array_equal(Units(6, Tanh(), rate=1.0).next_state(s, h), jnp.tanh(h))
    assert jnp.array_equal(Units(6, Tanh(), rate=0.0).next_state(s, h), s)


def test_a_leaky_step_converges_to_the_activation_of_the_field():
    """Oracle: the closed form ρ + (1 − rate)ⁿ (s − ρ) for a field that stays."""
    units = Units(6, Tanh(), rate=0.3)
    s, _, h = arrays((6,))
    state = s
    for _ in range(10):
        state = units.next_state(state, h)
    rho = np.tanh(np.asarray(h))
    np.testing.assert_allclose(state, rho + 0.7**10 * (np.asarray(s) - rho), atol=1e-6)


def test_other_layers_step_to_the_activation_of_the_field():
    s, _, h = arrays((6,))
    layer = RecurrentDiscrete(6, 0.5, key=KEY)
    assert jnp.array_equal(layer.next_state(s, h), layer.activation(h))
    assert jnp.array_equal(OutputLayer().next_state(s, h), h)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Units(6, rule=Hebbian()), "got rule=.*, expected a connectivity or"),
        (lambda: Units(6, strength=0.1), "got strength=0.1, expected a connectivity or"),
        (lambda: Units(6, connectivity=Dense), "got couplings J without a key, expected"),
        (
            lambda: Units(6, connectivity=Dense, sparsity=0.5, key=KEY),
            "got sparsity together with a connectivity",
        ),
        (lambda: Units(6, j_d=jnp.ones(5)), r"j_d: got shape \(5,\), expected \(\) or \(6,\)"),
        (lambda: Units(6, rate=jnp.ones(5)), r"rate: got shape \(5,\), expected \(\) or \(6,\)"),
        (
            lambda: Units(6, connectivity=lambda pre, post: Dense(pre, post), key=KEY),
            "has no argument `hollow`",
        ),
        (
            lambda: Units(2, KWinners(3)).activation(jnp.ones((1, 2))),
            "k: got 3 winners, expected 2 at most",
        ),
    ],
)
def test_invalid_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_units_of_0_and_1_are_units_of_signs_with_half_of_j_and_another_bias():
    """Oracle: `J s + b = (J/2) x + (b + Σ_j J_j / 2)` with x = 2s − 1, step by step."""
    zero_one = Units(50, Step(), connectivity=Dense, bias=ZeroOne(Perceptron()), key=KEY)
    zero_one = eqx.tree_at(lambda m: m.b, zero_one, jax.random.normal(KEY, (50,)))
    signs = Units(50, connectivity=Dense, bias=Perceptron(), key=KEY)
    half = (zero_one.J / 2, zero_one.b + zero_one.J.sum(axis=0) / 2)
    signs = eqx.tree_at(lambda m: (m.J, m.b), signs, half)
    s = jax.random.bernoulli(KEY, 0.3, (4, 50)).astype(jnp.float32)
    x = 2 * s - 1
    for _ in range(5):
        s, x = zero_one.next_state(s, zero_one(s)), signs.next_state(x, signs(x))
        assert jnp.array_equal(2 * s - 1, x)
        assert set(np.unique(s)) == {0.0, 1.0}
