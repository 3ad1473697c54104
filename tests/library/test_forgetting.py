"""Rules that forget. Oracles: loops over synapses, principal components, means of clusters."""

import math
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import naive
import numpy as np
import pytest

from darnax.connectivity import Convolved, Gated, Pooled, Symmetric
from darnax.modules import Convolution, FullyConnected, RecurrentDiscrete, Units
from darnax.rules import Delta, Hebbian, Oja, Perceptron, SoftHebb

KEY = jax.random.key(4)
FULL = partial(FullyConnected, key=KEY)
CONVOLVED = partial(Convolution, (4, 4, 2), key=KEY)
LAYOUTS = {  # name: (module with a rule, size of the sender, size of the receiver)
    "dense": (partial(FULL, 6, 4), (6,), (4,)),
    "dense, between images": (partial(FULL, (2, 3, 1), (2, 2, 2)), (2, 3, 1), (2, 2, 2)),
    "sparse": (partial(FULL, 9, 5, sparsity=0.6), (9,), (5,)),
    "patches": (partial(FULL, (4, 4, 2), (3, 2), patch=2), (4, 4, 2), (3, 2)),
    "pooled": (
        partial(FULL, (4, 4, 2), (4, 4, 2), connectivity=partial(Pooled, 2)),
        (4, 4, 2),
        (4, 4, 2),
    ),
    "pooled channels": (
        partial(FULL, (4, 4, 2), (2, 2, 3), connectivity=partial(Pooled, None)),
        (4, 4, 2),
        (2, 2, 3),
    ),
    "convolution": (partial(CONVOLVED, (2, 2, 3), 3, padding="VALID"), (4, 4, 2), (2, 2, 3)),
    "convolution, with a border": (
        partial(CONVOLVED, (2, 2, 3), 3, stride=2),
        (4, 4, 2),
        (2, 2, 3),
    ),
    "gated": (
        partial(FULL, 6, 4, connectivity=partial(Gated, gate=np.array([1.0, 0.0, 2.0, 0.5]))),
        (6,),
        (4,),
    ),
    "symmetric couplings": (partial(Units, 6, connectivity=Symmetric, key=KEY), (6,), (6,)),
    "couplings": (partial(Units, 6, sparsity=0.2, key=KEY), (6,), (6,)),
    "sparse couplings": (partial(RecurrentDiscrete, 9, 0.5, sparsity=0.6, key=KEY), (9,), (9,)),
    "dense couplings": (partial(RecurrentDiscrete, 6, 0.5, key=KEY), (6,), (6,)),
}


def compete(h):
    """Return the softmax of h / 0.5 over the last axis."""
    weights = np.exp((h - h.max(axis=-1, keepdims=True)) / 0.5)
    return weights / weights.sum(axis=-1, keepdims=True)


# Rule, what takes the place of the state in Hebb's product, and the rate of forgetting.
RULES = {
    "oja": (Oja(), lambda y, h: y, lambda y, h: y**2),
    "softhebb": (SoftHebb(0.5), lambda y, h: compete(h), lambda y, h: compete(h) * h),
}


def activities(pre, post, batch=3):
    rng = np.random.default_rng(1)
    shapes = [(batch, *pre), (batch, *post), (batch, *post)]
    return [rng.normal(size=shape) for shape in shapes]


def weight_of(module):
    return "W" if hasattr(module, "W") else "J"


def naive_change(module, signal_of, decay_of, x, y, h):
    """Return ΔW: what Hebb's rule adds, minus every entry times the rates of its synapses."""
    weight = np.asarray(getattr(module, weight_of(module)), np.float64)
    connectivity = module.connectivity
    gate = np.asarray(getattr(connectivity, "gate", 1.0))
    e, d = gate * signal_of(y, h), gate * decay_of(y, h)
    fan_in = naive.fan_in(connectivity, weight.shape)
    change = naive.correlate(connectivity, weight.shape, fan_in, x, e)
    lost = np.zeros_like(weight)
    if isinstance(connectivity, Convolved):  # the border is an input of zeros
        lost += d.sum(axis=(0, 1, 2))
    else:
        lost = naive.correlate(connectivity, weight.shape, fan_in, np.ones_like(x), d)
        lost *= np.sqrt(len(x) * fan_in)
    change -= weight * lost / np.sqrt(len(x) * fan_in)
    return (change + change.T) / 2 if isinstance(connectivity, Symmetric) else change


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_rule_that_forgets_changes_every_layout_as_loops_do(layout, rule):
    make, pre, post = LAYOUTS[layout]
    chosen, signal_of, decay_of = RULES[rule]
    module = make(rule=chosen)
    x, y, h = activities(pre, post)
    arrays = [jnp.asarray(array, jnp.float32) for array in (x, y, h)]
    update = eqx.filter_jit(lambda m, *a: m.backward(*a))(module, *arrays)
    expected = naive_change(module, signal_of, decay_of, x, y, h)
    found = np.asarray(getattr(update, weight_of(module)))
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(found, -expected, atol=5e-6)


@pytest.mark.parametrize("rule", [Hebbian(), Perceptron(), Delta()])
def test_other_rules_forget_nothing(rule):
    assert rule.forgetting(jnp.ones((2, 3)), jnp.ones((2, 3))) is None


def learn(adapter, data, state_of, rate, steps):
    """Return the weight after steps on all of the data."""
    x = jnp.asarray(data, jnp.float32)

    @jax.jit
    def after(weight):
        def step(_, weight):
            module = eqx.tree_at(lambda m: m.W, adapter, weight)
            h = module(x)
            return weight - rate * module.backward(x, state_of(h), h).W

        return jax.lax.fori_loop(0, steps, step, weight)

    return np.asarray(after(adapter.W), np.float64)


def test_oja_finds_the_first_principal_component_with_length_one():
    """Oracle: the eigenvectors of the second moments."""
    rng = np.random.default_rng(2)
    mixing = rng.normal(size=(5, 5)) * np.array([3.0, 1.5, 1.0, 0.7, 0.5])
    data = rng.normal(size=(200, 5)) @ mixing.T
    _, vectors = np.linalg.eigh(data.T @ data)
    adapter = FullyConnected(5, 1, rule=Oja(), strength=0.3, key=KEY)
    (found,) = learn(adapter, data, lambda h: h, 2e-3, 2000).T
    assert math.isclose(np.linalg.norm(found), 1, abs_tol=1e-4)
    assert math.isclose(abs(found @ vectors[:, -1]), 1, abs_tol=1e-4)


def test_softhebb_finds_the_directions_of_two_clusters_with_length_one():
    """Oracle: the means of the clusters."""
    rng = np.random.default_rng(3)
    means = np.array([[3.0, 1.0, 0.0, 0.0], [0.0, 0.0, 2.0, -2.0]])
    data = (means[:, None] + 0.05 * rng.normal(size=(2, 100, 4))).reshape(200, 4)
    adapter = FullyConnected(4, 2, rule=SoftHebb(0.05), strength=0.5, key=KEY)
    found = learn(adapter, data, lambda h: h, 0.02, 3000).T
    directions = data.reshape(2, 100, 4).mean(axis=1)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-3)
    overlaps = np.abs(found @ directions.T)
    np.testing.assert_allclose(np.sort(overlaps.max(axis=1)), 1, atol=1e-3)
    assert set(overlaps.argmax(axis=1)) == {0, 1}


def test_a_weight_of_length_one_that_explains_its_input_stays():
    """The fixed point of one input: x along W, of any length."""
    w = np.array([0.6, 0.8])
    adapter = FullyConnected(2, 1, rule=SoftHebb(), key=KEY)
    adapter = eqx.tree_at(lambda m: m.W, adapter, jnp.asarray(w[:, None], jnp.float32))
    x = jnp.asarray([5 * w], jnp.float32)
    change = adapter.backward(x, adapter(x), adapter(x)).W  # a single unit wins every input
    np.testing.assert_allclose(change, 0, atol=1e-5)
