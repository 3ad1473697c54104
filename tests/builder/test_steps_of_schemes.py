"""The shipped phases of schemes, with their gains, steps and signs. Oracle: a step in numpy."""

from collections import Counter

import jax.numpy as jnp
import numpy as np
import pytest
from schemes import changes, ends, examples, experiment, network_of, softmax, weights, with_weights

INPUTS, FEATURES, CLASSES, BATCH = 5, 6, 3, 4
SMALL = (f"data.shape=[{INPUTS}]", f"data.classes={CLASSES}", f"model.features={FEATURES}")


def made_of(name, *overrides):
    """Return a small experiment, its network with biases that are not zero, and examples."""
    made = experiment(name, *SMALL, *overrides)
    network, rng = network_of(made), np.random.default_rng(8)
    drawn = {}
    for place, array in weights(network).items():
        if place.endswith(".b"):
            drawn[place] = 0.3 * rng.normal(size=array.shape)
    return made, with_weights(network, drawn), *examples(made, BATCH)


def hebb(x, y):
    """Return ΔW of Hebb's rule: (1/√(B·fan_in)) Σ_b x_b ⊗ y_b."""
    return x.T @ y / np.sqrt(len(x) * x.shape[1])


def bias(e):
    return e.sum(axis=0) / np.sqrt(len(e))


def assert_changes(found, expected):
    for name, change in found.items():
        wanted = expected.get(name, np.zeros_like(change))
        np.testing.assert_allclose(change, wanted, atol=2e-5, err_msg=name)
        assert (np.abs(wanted).max() > 1e-3) == (name in expected), name


# Equilibrium propagation and contrastive Hebbian learning: output units that relax too.


def relaxed(w, x, y, state, steps, nudge, own=None, predicted=1.0):
    """Return the hidden and the output units after steps in the order of the layers.

    The output units have the field `nudge·y − own·p + predicted·(s W)`.
    """
    s, p = state
    own = nudge if own is None else own
    for _ in range(steps):
        s = np.clip(x @ w["w_in.W"] + p @ w["back.W"] + w["hidden1.b"], 0, 1)
        p = np.clip(predicted * (s @ w["predict.W"]) + nudge * y - own * p, 0, 1)
    return s, p


def products(x, state):
    """Return Hebb's change of every module at a state."""
    s, p = state
    return {
        "w_in.W": hebb(x, s),
        "hidden1.b": bias(s),
        "predict.W": hebb(s, p),
        "back.W": hebb(p, s),
    }


def difference(one, other):
    return {name: one[name] - other[name] for name in one}


def blank():
    return np.zeros((BATCH, FEATURES)), np.zeros((BATCH, CLASSES))


def test_a_step_of_equilibrium_propagation():
    made, network, x, y = made_of("mnist_ep", "model.adapters.predict.strength=2.0")
    w = weights(network)
    free = relaxed(w, x, y, blank(), 12, 0.0)
    towards, away = (relaxed(w, x, y, free, 4, nudge) for nudge in (0.5, -0.5))
    assert not np.allclose(towards[0], away[0], atol=0.01)
    found = changes(made, network, x, y)
    assert_changes(found, difference(products(x, towards), products(x, away)))


def test_a_step_of_contrastive_hebbian_learning():
    made, network, x, y = made_of("mnist_chl", "model.adapters.predict.strength=2.0")
    w = weights(network)
    free = relaxed(w, x, y, blank(), 12, 0.0)
    clamped = relaxed(w, x, y, free, 8, 1.0, own=0.0, predicted=0.0)
    np.testing.assert_array_equal(clamped[1], y)
    found = changes(made, network, x, y)
    assert_changes(found, difference(products(x, clamped), products(x, free)))


def test_a_step_of_predictive_coding():
    more = ["model.adapters.predict2.strength=1.0", "model.adapters.w_out.strength=1.0"]
    made, network, x, y = made_of("mnist_pc", *more)
    w, right = weights(network), y > 0
    prediction = x @ w["predict1.W"]
    value, error = prediction, np.zeros((BATCH, FEATURES))
    top = right - softmax(np.maximum(value, 0) @ w["predict2.W"])
    scores = np.maximum(value, 0) @ w["w_out.W"]
    expected = {"w_out.W": hebb(np.maximum(value, 0), right - softmax(scores))}
    for _ in range(8):
        error = value - prediction
        value = value + 0.1 * (-error + (value > 0) * (top @ w["explain1.W"]))
        top = right - softmax(np.maximum(value, 0) @ w["predict2.W"])
    expected["predict1.W"] = hebb(x, error)
    expected["predict2.W"] = hebb(np.maximum(value, 0), top)
    expected["explain1.W"] = hebb(top, np.maximum(value, 0))
    assert_changes(changes(made, network, x, y), expected)


# Forward-Forward.

THRESHOLD = 0.7


def unit(s):
    return s / (np.linalg.norm(s, axis=1, keepdims=True) + 1e-4)


def forward(w, x, label):
    s1 = np.maximum(x @ w["w_in.W"] + label @ w["w_label.W"] + w["hidden1.b"], 0)
    return s1, np.maximum(unit(s1) @ w["up1.W"] + w["hidden2.b"], 0)


def goodness_changes(w, x, label, t):
    """Return the changes that raise (t = 1) or lower (t = −1) the goodness of both layers."""
    layers, signals = forward(w, x, label), []
    for s in layers:
        missing = THRESHOLD - np.mean(s**2, axis=1, keepdims=True)
        signals.append(t / (1 + np.exp(-t * missing)) * s)
    return {
        "w_in.W": hebb(x, signals[0]),
        "w_label.W": hebb(label, signals[0]),
        "hidden1.b": bias(signals[0]),
        "up1.W": hebb(unit(layers[0]), signals[1]),
        "hidden2.b": bias(signals[1]),
    }


def test_a_step_of_forward_forward():
    """The wrong labels are those that the phase has shown, of other classes."""
    more = ["model.adapters.up.strength=2.0", "model.adapters.w_out.strength=1.0"]
    more.append(f"model.layers.hidden.bias.threshold={THRESHOLD}")
    made, network, x, y = made_of("mnist_ff", *more)
    w = weights(network)
    wrong = np.asarray(ends(made, network, x, y)["negative"].state[-1], np.float64)
    assert np.all(wrong.argmax(axis=1) != y.argmax(axis=1))
    assert np.all(np.sort(wrong, axis=1) == np.sort(y, axis=1))
    raised = goodness_changes(w, x, 0.1 + y, 1)
    lowered = goodness_changes(w, x, 0.1 + wrong, -1)
    expected = {name: raised[name] + lowered[name] for name in raised}
    layers = forward(w, x, np.full((BATCH, CLASSES), 0.1))
    scores = sum(unit(s) @ w[f"w_out{n}.W"] for n, s in enumerate(layers, 1))
    for n, s in enumerate(layers, 1):
        expected[f"w_out{n}.W"] = hebb(unit(s), (y > 0) - softmax(scores))
    assert_changes(changes(made, network, x, y), expected)


@pytest.mark.parametrize("t", [1.0, -1.0])
def test_the_forward_forward_signal_raises_the_likelihood_of_its_goodness(t):
    """Oracle: finite differences of log σ(t (G − threshold)) in h, times half the units."""
    rule = experiment("mnist_ff", *SMALL, f"model.layers.hidden.bias.threshold={THRESHOLD}")
    layer = network_of(rule).layer_map["hidden1"]
    rng = np.random.default_rng(2)
    h = rng.normal(size=(1, FEATURES)) + 0.5

    def likelihood(h):
        goodness = np.mean(np.maximum(h, 0) ** 2)
        return -np.log1p(np.exp(-t * (goodness - THRESHOLD)))

    slopes = np.zeros(FEATURES)
    for n, side in enumerate(1e-5 * np.eye(FEATURES)):
        slopes[n] = (likelihood(h + side) - likelihood(h - side)) / 2e-5
    y, h = (jnp.asarray(array, jnp.float32) for array in (np.maximum(h, 0), h))
    signal = layer.bias.signal(y, h, jnp.full_like(h, t))
    np.testing.assert_allclose(signal[0], FEATURES / 2 * slopes, atol=1e-4)


# The three-threshold rule.


def three_thresholds(h, low, high):
    e = np.zeros_like(h)
    for place, field in np.ndenumerate(h):
        if low < field < high and field != 0:
            e[place] = 1 if field > 0 else -1
    return e


def test_a_step_of_the_three_threshold_rule():
    dense = ["model.layers.hidden.sparsity=null", "model.adapters.w_in.sparsity=null"]
    more = ["model.adapters.w_in.strength=1.0", "model.features=30"]
    more += [f"model.layers.hidden.rule.{word}" for word in ("low=-1.5", "high=2.5")]
    made, network, x, y = made_of("mnist_three_threshold", *dense, *more)
    w = weights(network)
    code = np.where(y > 0, 1.5, -1 / 3)
    s = np.zeros((BATCH, 30))

    def field(s, with_label):
        h = x @ w["w_in.W"] + s @ w["hidden.J"] + 0.95 * s
        return h + code @ w["w_back.W"] if with_label else h

    for with_label in [False] + 5 * [True]:
        s = np.where(field(s, with_label) >= 0, 1.0, -1.0)
    h = field(s, True)
    e = three_thresholds(h, -1.5, 2.5)
    assert len(Counter(e.ravel().tolist())) == 3  # up, down, and decided
    expected = {"w_in.W": hebb(x, e), "hidden.J": hebb(s, e) * (1 - np.eye(30))}
    for _ in range(5):
        s = np.where(field(s, False) >= 0, 1.0, -1.0)
    scores = s @ w["w_out.W"]
    expected["w_out.W"] = hebb(s, y * (y * scores <= 7.0))
    assert_changes(changes(made, network, x, y), expected)
