"""Values of predictive coding. Oracle: the gradient of the energy of all errors, by JAX."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.activations import ReLU, Tanh
from darnax.layer_map import LayerMap
from darnax.modules import ErrorUnits, Ferromagnetic, FullyConnected, OutputLayer, ValueUnits
from darnax.orchestrators import SequentialOrchestrator
from darnax.rules import Delta, Hebbian
from darnax.states.sequential import SequentialState

KEY = jax.random.key(8)
SIZES = [(4,), (6,), (6,), (3,), (3,)]  # input, errors and values of a layer, errors, output
BATCH = 5


def coding_network() -> SequentialOrchestrator:
    """Return a network of one layer of values, between the input and the clamped output."""
    keys = iter(jax.random.split(KEY, 3))
    up = FullyConnected(6, 3, rule=Hebbian(), presynaptic=Tanh(), key=next(keys))
    guess = FullyConnected(3, 6, rule=None, key=next(keys))
    down = eqx.tree_at(lambda m: m.W, guess, up.W.T)
    first = {0: FullyConnected(4, 6, rule=Hebbian(), key=next(keys)), 1: ErrorUnits(Delta())}
    values = {1: Ferromagnetic(6, -1.0), 2: ValueUnits(6, Tanh()), 3: down}
    last = {2: up, 3: ErrorUnits(Delta()), 4: Ferromagnetic(3)}
    readout = {2: FullyConnected(6, 3, presynaptic=Tanh(), key=KEY), 4: OutputLayer()}
    rows = {1: first | {2: Ferromagnetic(6)}, 2: values, 3: last, 4: readout}
    return SequentialOrchestrator(LayerMap.from_dict(rows))


def sample_state() -> SequentialState:
    drawn = np.random.default_rng(9).normal(size=(2, BATCH, 6))
    x, value = jnp.array(drawn[0, :, :4], jnp.float32), jnp.array(drawn[1], jnp.float32)
    state = SequentialState(SIZES).init(x, jnp.array(drawn[0, :, 3:], jnp.float32))
    return state.replace_val(2, value)


def energy(weights, x, value, y):
    """Return half the sum of all squared errors."""
    w_in, up = weights
    first, last = value - x @ w_in, y - jnp.tanh(value) @ up
    return (jnp.sum(first**2) + jnp.sum(last**2)) / 2


def with_errors(network: SequentialOrchestrator, state: SequentialState) -> SequentialState:
    """Return the state with the errors of its values."""
    for i in (1, 3):
        state = state.replace_val(i, network.field(i, state, KEY))
    return state


def test_the_field_is_minus_the_gradient_of_the_energy():
    network = coding_network()
    weights = network.layer_map[1, 0].W, network.layer_map[3, 2].W
    state = with_errors(network, sample_state())
    gradient = jax.grad(energy, argnums=2)(weights, state[0], state[2], state[4])
    np.testing.assert_allclose(network.field(2, state, KEY), -gradient, atol=1e-5)


def test_the_updates_are_the_gradient_of_the_energy_in_the_weights():
    """But for the scale √(B·fan_in) of every update."""
    network = coding_network()
    weights = network.layer_map[1, 0].W, network.layer_map[3, 2].W
    state = with_errors(network, sample_state())
    gradients = jax.grad(energy)(weights, state[0], state[2], state[4])
    made = network.backward(state, KEY).layer_map
    for edge, gradient, fan_in in zip([(1, 0), (3, 2)], gradients, (4, 6), strict=True):
        expected = np.asarray(gradient) / np.sqrt(BATCH * fan_in)
        np.testing.assert_allclose(made[edge].W, expected, atol=1e-5)


def test_relaxation_lowers_the_energy_to_a_fixed_point():
    network = coding_network()
    layer = ValueUnits(6, Tanh(), rate=0.1)
    weights = network.layer_map[1, 0].W, network.layer_map[3, 2].W

    @jax.jit
    def relax(state):
        def take_step(state, _):
            state = with_errors(network, state)
            field = network.field(2, state, KEY)
            measured = energy(weights, state[0], state[2], state[4]), jnp.abs(field).max()
            return state.replace_val(2, layer.next_state(state[2], field)), measured

        return jax.lax.scan(take_step, state, length=200)[1]

    energies, forces = relax(with_errors(network, sample_state()))
    assert np.all(np.diff(energies) < 1e-5)
    assert forces[-1] < 1e-3 < forces[0]


def test_without_feedback_one_step_sets_the_values_to_their_prediction():
    network = coding_network()
    state = with_errors(network, sample_state())
    layer = network.layer_map[2, 2]
    field = layer.reduce([-state[1], layer(state[2])])
    prediction = state[0] @ network.layer_map[1, 0].W
    np.testing.assert_allclose(layer.next_state(state[2], field), prediction, atol=1e-5)


def test_feedback_from_several_buffers_is_added():
    layer, s = ValueUnits(3, ReLU()), jnp.array([[1.0, -1.0, 2.0]])
    own, one, other = jax.random.normal(KEY, (3, 1, 3))
    expected = np.asarray(own) + np.array([[1, 0, 1]]) * (np.asarray(one) + np.asarray(other))
    np.testing.assert_allclose(layer.reduce([own, layer(s), one, other]), expected, rtol=1e-6)


@pytest.mark.parametrize("rate", [0.25, np.linspace(0, 1, 3, dtype=np.float32)])
def test_the_step_is_the_rate_times_the_field(rate):
    layer = ValueUnits(3, rate=rate)
    s, h = jax.random.normal(KEY, (2, 4, 3))
    np.testing.assert_allclose(
        layer.next_state(s, h), np.asarray(s) + rate * np.asarray(h), rtol=1e-6
    )
    np.testing.assert_allclose(layer.activation(h), rate * np.asarray(h), rtol=1e-6)
    assert not any(jax.tree.leaves(layer.plastic()))


def test_values_without_an_error_before_them_are_refused():
    with pytest.raises(ValueError, match="got 1 message, expected two at least: the error of"):
        ValueUnits(3).reduce([jnp.ones((1, 3))])
