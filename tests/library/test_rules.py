"""Every rule against its equation, unit by unit in numpy."""

import jax
import jax.numpy as jnp
import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from darnax.rules import Hebbian, Perceptron, SoftmaxDelta

RULES = [Perceptron(), Perceptron(1.5), Perceptron(jnp.arange(4.0)), SoftmaxDelta(), Hebbian()]
fields = arrays(np.float32, (3, 4), elements=st.sampled_from([-3.0, -1.5, -1.0, 0.0, 0.25, 1.0, 1.5, 3.0]))
states = arrays(np.float32, (3, 4), elements=st.sampled_from([-1.0, 1.0]))


@pytest.mark.parametrize("rule", RULES, ids=repr)
@settings(max_examples=10, deadline=None)
@given(y=states, h=fields)
def test_the_signal_is_the_equation(rule, y, h):
    signal = rule.signal(jnp.asarray(y), jnp.asarray(h))
    np.testing.assert_allclose(signal, naive.signal(rule, y, h), atol=1e-6)


def test_the_margin_belongs_to_the_unstable_side():
    y = jnp.array([[1.0, 1.0, -1.0, -1.0]])
    h = jnp.array([[0.5, 0.75, -0.5, -0.75]])
    assert Perceptron(0.5).signal(y, h).tolist() == [[1.0, 0.0, -1.0, 0.0]]


def test_without_a_margin_only_what_the_field_contradicts_is_learnt():
    assert Perceptron().signal(jnp.ones((1, 3)), jnp.array([[-0.5, 0.0, 0.5]])).tolist() == [[1.0, 1.0, 0.0]]


def test_softmax_delta_is_the_residual_of_cross_entropy():
    """The oracle is JAX's own derivative of −log softmax at the label."""
    h = jax.random.normal(jax.random.key(0), (5, 4))
    label = jnp.array([0, 1, 2, 3, 1])
    loss = lambda h: -jnp.sum(jnp.take_along_axis(jax.nn.log_softmax(h), label[:, None], axis=1))  # noqa: E731
    y = 2 * jax.nn.one_hot(label, 4, dtype=jnp.float32) - 1
    np.testing.assert_allclose(SoftmaxDelta().signal(y, h), -jax.grad(loss)(h), atol=1e-6)


@pytest.mark.parametrize("code", [(0.0, 1.0), (-1.0, 1.0), (-1 / 3, 1.5)])
def test_softmax_delta_reads_only_the_sign_of_a_label(code):
    hot = jax.nn.one_hot(jnp.array([2, 0]), 4, dtype=jnp.float32)
    h = jax.random.normal(jax.random.key(1), (2, 4))
    off, on = code
    np.testing.assert_array_equal(SoftmaxDelta().signal(off + (on - off) * hot, h), SoftmaxDelta().signal(2 * hot - 1, h))
