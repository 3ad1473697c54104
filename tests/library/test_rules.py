"""Every rule against its equation, unit by unit in numpy."""

import jax
import jax.numpy as jnp
import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from darnax.activations import Tanh
from darnax.connectivity import Dense
from darnax.rules import (
    Adatron,
    Delta,
    FeedbackAlignment,
    Hebbian,
    Logistic,
    Oja,
    Perceptron,
    SoftmaxDelta,
    ZeroOne,
)

RULES = [
    Perceptron(),
    Perceptron(1.5),
    Perceptron(jnp.arange(4.0)),
    SoftmaxDelta(),
    Hebbian(),
    Hebbian(Tanh()),
    Adatron(),
    Adatron(jnp.arange(4.0)),
    Logistic(0.5, 2.0),
    Logistic(jnp.arange(4.0)),
    Delta(),
]
fields = arrays(
    np.float32, (3, 4), elements=st.sampled_from([-3.0, -1.5, -1.0, 0.0, 0.25, 1.0, 1.5, 3.0])
)
states = arrays(np.float32, (3, 4), elements=st.sampled_from([-1.0, 1.0]))


@pytest.mark.parametrize("rule", RULES, ids=repr)
@settings(max_examples=10, deadline=None)
@given(y=states, h=fields)
def test_the_signal_is_the_equation(rule, y, h):
    signal = rule.signal(jnp.asarray(y), jnp.asarray(h))
    np.testing.assert_allclose(signal, naive.signal(rule, y, h), atol=1e-6)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_a_rule_of_units_of_0_and_1_is_that_of_their_signs(rule):
    """Oracle: the equation of the rule, for a state of −1 in the place of 0."""
    rng = np.random.default_rng(4)
    y, h = rng.integers(0, 2, (3, 4)).astype(np.float32), rng.normal(size=(3, 4)).astype(np.float32)
    signal = ZeroOne(rule).signal(jnp.asarray(y), jnp.asarray(h))
    np.testing.assert_allclose(signal, naive.signal(rule, 2 * y - 1, h), atol=1e-6)


def test_a_rule_that_forgets_forgets_by_the_sign():
    y, h = jnp.array([[1.0, 0.0]]), jnp.array([[0.5, 2.0]])
    assert ZeroOne(Oja()).forgetting(y, h).tolist() == Oja().forgetting(2 * y - 1, h).tolist()


def test_a_three_factor_rule_has_no_units_of_0_and_1():
    with pytest.raises(ValueError, match="got FeedbackAlignment, expected one without third"):
        ZeroOne(FeedbackAlignment())


def test_a_field_equal_to_the_margin_is_unstable():
    y = jnp.array([[1.0, 1.0, -1.0, -1.0]])
    h = jnp.array([[0.5, 0.75, -0.5, -0.75]])
    assert Perceptron(0.5).signal(y, h).tolist() == [[1.0, 0.0, -1.0, 0.0]]


def test_with_margin_zero_only_units_that_disagree_with_their_field_learn():
    assert Perceptron().signal(jnp.ones((1, 3)), jnp.array([[-0.5, 0.0, 0.5]])).tolist() == [
        [1.0, 1.0, 0.0]
    ]


def test_default_margin_and_steepness():
    """Closed forms: 1 - h for a margin of 1; 1 / (1 + exp h) for margin 0 and steepness 1."""
    y, h = jnp.ones((1, 2)), jnp.array([[0.5, -1.5]])
    np.testing.assert_allclose(Adatron().signal(y, h), [[0.5, 2.5]])
    np.testing.assert_allclose(Logistic().signal(y, h), 1 / (1 + np.exp(h)), rtol=1e-6)


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
    np.testing.assert_array_equal(
        SoftmaxDelta().signal(off + (on - off) * hot, h), SoftmaxDelta().signal(2 * hot - 1, h)
    )


def learn_patterns(rule, units=60, patterns=12, steps=400):
    """Return patterns, and the couplings that a rule learns from all of them in batches."""
    dense = Dense((units,), (units,), hollow=True)
    xi = jnp.sign(jax.random.normal(jax.random.key(3), (patterns, units)))

    def learn(_, j):
        return j + 0.5 * dense.correlate(xi, rule.signal(xi, dense.message(j, xi)))

    train = jax.jit(lambda j: jax.lax.fori_loop(0, steps, learn, j))
    return xi, train(jnp.zeros((units, units))), dense


def test_delta_finds_the_pseudo_inverse():
    """Oracle: without self-synapses, unit i has the least-norm solution over the other units."""
    xi, j, _ = learn_patterns(Delta())
    patterns = np.asarray(xi, np.float64)
    for i in (0, 17, 59):
        others = np.delete(np.arange(60), i)
        np.testing.assert_allclose(
            j[others, i], np.linalg.pinv(patterns[:, others]) @ patterns[:, i], atol=1e-3
        )


def test_adatron_converges_to_the_margin_and_ignores_larger_fields():
    xi, j, dense = learn_patterns(Adatron(0.5))
    margins = xi * dense.message(j, xi)
    assert margins.min() > 0.499
    assert jnp.mean(margins < 0.501) > 0.3  # some patterns are held by the others alone


def test_logistic_becomes_the_perceptron():
    y = jnp.sign(jax.random.normal(jax.random.key(4), (50, 4)))
    h = jax.random.normal(jax.random.key(5), (50, 4))
    far = jnp.abs(y * h - 0.5) > 0.01
    difference = Logistic(0.5, 2000.0).signal(y, h) - Perceptron(0.5).signal(y, h)
    assert far.sum() > 190
    np.testing.assert_allclose(jnp.where(far, difference, 0), 0, atol=1e-6)
