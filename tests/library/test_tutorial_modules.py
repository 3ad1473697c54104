"""The tutorial on modules: one update step, training with Optax, and modules of users."""

import operator
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.tree_util import tree_map, tree_reduce
from jaxtyping import Array, PyTree

import darnax.modules
from darnax.layer_map import LayerMap
from darnax.learning import init_optimizer
from darnax.learning import train_step as learn
from darnax.modules import (
    Adapter,
    FullyConnected,
    Layer,
    OutputLayer,
    perceptron_rule_backward,
)
from darnax.orchestrators import ParallelOrchestrator, SequentialOrchestrator
from darnax.phases import Phase
from darnax.relaxation import relax
from darnax.states.sequential import SequentialState

KEY = jax.random.key(19)
pytestmark = pytest.mark.usefixtures("lenient")  # it is written without a thought of strict dtypes


class RecurrentDiscrete(Layer):
    J: Array
    J_D: Array
    threshold: Array

    def activation(self, x: Array) -> Array:
        return jnp.where(x >= 0, 1, -1).astype(x.dtype)

    def __call__(self, x: Array, rng=None) -> Array:
        return x @ self.J

    def reduce(self, h: PyTree) -> Array:
        return jnp.asarray(tree_reduce(operator.add, h))

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        dJ = perceptron_rule_backward(x, y, y_hat, self.threshold)
        zero_update = jax.tree.map(jnp.zeros_like, self)
        return eqx.tree_at(lambda m: m.J, zero_update, dJ)


class Ferromagnetic(Adapter):
    strength: Array

    def __call__(self, x: Array, rng=None) -> Array:
        return x * self.strength

    def backward(self, x, y, y_hat) -> Self:
        return tree_map(jnp.zeros_like, self)


def one_step(state, layer, left, right, l=1):  # noqa: E741
    # we select the state of `layer`
    s_l = state[l]
    # we compute the self/recurrent update (message)
    msg_self = layer(s_l)
    # we compute the message from the left (s[l-1]) through the adapter
    msg_l = left(state[l - 1])
    # we compute the message from the right (s[l+1]) through the adapter
    msg_r = right(state[l + 1])
    # we aggregate the computed messages directed to the layer
    h = layer.reduce([msg_self, msg_l, msg_r])
    # we apply the non linearity to the result
    s_next_l = layer.activation(h)
    # we update the state at position l with the new value
    return state.replace_val(l, s_next_l), h


def train_step(optim, params, opt_state, state):
    layer, left, right = params

    # we compute the new state and preactivation as above
    s1, h1 = one_step(state, layer, left, right)

    # the backward functions compute updates of each layer
    upd_layer = layer.backward(s1[1], s1[1], h1)
    upd_left = left.backward(s1[0], s1[0], h1)
    upd_right = right.backward(s1[2], s1[2], h1)

    # we use equinox to insert updates in the correct shapes
    # this is a typical equinox/optax pattern
    pseudo_grads = (upd_layer, upd_left, upd_right)
    grads_f = eqx.filter(pseudo_grads, eqx.is_inexact_array)
    params_f = eqx.filter(params, eqx.is_inexact_array)

    # optax computes the updated parameters
    updates, opt_state = optim.update(grads_f, opt_state, params=params_f)

    # we apply them to our modules
    params = eqx.apply_updates(params, updates)
    return params, opt_state, s1


def of_ones_own(units):
    J = jax.random.normal(KEY, (units, units)) / jnp.sqrt(units)
    layer = RecurrentDiscrete(J=J, J_D=jnp.asarray(0.5), threshold=jnp.asarray(1.0))
    return layer, Ferromagnetic(jnp.asarray(0.7)), Ferromagnetic(jnp.asarray(0.3))


def of_the_library(units, **choices):
    layer = darnax.modules.RecurrentDiscrete(units, j_d=0.5, threshold=1.0, key=KEY, **choices)
    return layer, darnax.modules.Ferromagnetic(units, 0.7), darnax.modules.Ferromagnetic(units, 0.3)


def frozen_adapters(units):
    layer, _, right = of_the_library(units)
    return layer, FullyConnected(units, units, rule=None, key=KEY), right


def sparse(units):
    return of_the_library(units, sparsity=0.5)


@pytest.mark.parametrize("make", [of_ones_own, of_the_library, frozen_adapters, sparse])
def test_training_with_adam_moves_the_coupling_and_nothing_else(make):
    params = before = make(8)
    state = SequentialState([(8,), (8,), (8,)]).init(*jnp.sign(jax.random.normal(KEY, (2, 5, 8))))
    optim = optax.adam(1e-2)
    opt_state = optim.init(eqx.filter(params, eqx.is_inexact_array))
    jitted = eqx.filter_jit(train_step)
    for _ in range(3):
        params, opt_state, state = jitted(optim, params, opt_state, state)
    assert jax.tree.structure(params) == jax.tree.structure(before)
    assert set(np.unique(state[1])) <= {-1.0, 1.0}
    assert not jnp.array_equal(params[0].J, before[0].J)
    restored = eqx.tree_at(lambda p: p[0].J, params, before[0].J)
    assert eqx.tree_equal(restored, before)


def test_user_modules_take_one_step_by_hand():
    layer, left, right = of_ones_own(8)
    x, s, y = np.sign(np.random.default_rng(0).normal(size=(3, 5, 8))).astype(np.float32)
    state, h = one_step(SequentialState([(8,), (8,), (8,)]).replace([x, s, y]), layer, left, right)
    expected = s @ np.asarray(layer.J) + np.float32(0.7) * x + np.float32(0.3) * y
    np.testing.assert_allclose(h, expected, atol=1e-5)
    np.testing.assert_array_equal(state[1], np.where(expected >= 0, 1, -1))


@pytest.mark.parametrize("order", [SequentialOrchestrator, ParallelOrchestrator])
def test_user_modules_relax_and_learn_in_a_network(order):
    layer, left, right = of_ones_own(8)
    readout = FullyConnected(8, 8, threshold=1.0, key=KEY)
    network = order(
        LayerMap.from_dict({1: {0: left, 1: layer, 2: right}, 2: {1: readout, 2: OutputLayer()}})
    )
    state = SequentialState([(8,), (8,), (8,)])
    x, y = jnp.sign(jax.random.normal(KEY, (2, 5, 8)))

    relaxed, _, _ = eqx.filter_jit(relax)(network, state.init(x, y), KEY, Phase(steps=1))
    np.testing.assert_array_equal(relaxed[1], one_step(state.init(x, y), layer, left, right)[0][1])

    phases = {"clamped": Phase(steps=3, learn=("layer_1", "0_to_1", "2_to_1"))}
    optimizer = optax.sgd(0.1)
    opt_state = init_optimizer(network, optimizer, phases)
    learnt = eqx.filter_jit(learn)(network, optimizer, opt_state, state, phases, x, y, KEY).network
    assert not jnp.array_equal(learnt.layer_map[1, 1].J, layer.J)
    assert eqx.tree_equal(eqx.tree_at(lambda n: n.layer_map[1, 1].J, learnt, layer.J), network)


@pytest.mark.parametrize("threshold", [0.0, 1.5, [0.5, 1.0, 1.5]], ids=str)
def test_the_helper_of_the_tutorial_is_the_perceptron_rule_in_loops(threshold):
    rng = np.random.default_rng(3)
    x, y = (jnp.asarray(np.sign(rng.normal(size=(6, n))), jnp.float32) for n in (4, 3))
    y_hat = jnp.asarray(rng.normal(size=(6, 3)), jnp.float32)
    margins = np.broadcast_to(threshold, 3)
    expected = np.zeros((4, 3))
    for b in range(6):
        for j in range(4):
            for i in range(3):
                if y[b, i] * y_hat[b, i] <= margins[i]:
                    expected[j, i] -= x[b, j] * y[b, i] / np.sqrt(6 * 4)
    found = perceptron_rule_backward(x, y, y_hat, jnp.array(threshold))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.any(expected != 0)


def test_the_helper_is_what_a_dense_module_of_darnax_learns_by():
    module = FullyConnected(4, 3, threshold=0.7, key=KEY)
    x, y, y_hat = (jax.random.normal(KEY, (5, n)) for n in (4, 3, 3))
    update = module.backward(x, jnp.sign(y), y_hat).W
    np.testing.assert_array_equal(perceptron_rule_backward(x, jnp.sign(y), y_hat, 0.7), update)
