"""Schemes where they approximate a gradient. Oracles: finite differences, and jax.grad."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sampling import one_of
from schemes import changes, ends, examples, experiment, network_of, weights, with_weights

from darnax.activations import ReLU
from darnax.builder.gradients import is_flat
from darnax.errors import RequestError
from darnax.modules import (
    BinaryUnits,
    RecurrentConvolution,
    RecurrentDiscrete,
    RecurrentTanh,
    Units,
)
from darnax.phases import Phases

CLASSES, INPUTS, FEATURES, BATCH = 3, 5, 6, 4
SMALL = (f"data.shape=[{INPUTS}]", f"data.classes={CLASSES}", f"model.features={FEATURES}")
TANH = "{_target_: darnax.activations.Tanh}"
LINEAR = "{_target_: darnax.activations.Linear}"
DEPTHS = pytest.mark.parametrize("depth", one_of(2, [2, 1]))  # two layers by default


def close(found, expected, tolerance):
    """Compare arrays by name, relative to the largest number of each."""
    for name, wanted in expected.items():
        assert np.abs(wanted).max() > 1e-3, name
        worst = np.abs(found[name] - wanted).max() / np.abs(wanted).max()
        assert worst < tolerance, (name, worst)


def extrapolated(estimate, small):
    """Return the limit of an estimate by name whose error is in proportion to a small number."""
    one, half = estimate(small), estimate(small / 2)
    return {name: 2 * half[name] - one[name] for name in one}


def with_biases(network, depth):
    """Return the network with biases that are not zero."""
    rng = np.random.default_rng(8)
    biases = {f"hidden{n}.b": 0.3 * rng.normal(size=FEATURES) for n in range(1, depth + 1)}
    return with_weights(network, biases)


def root(count, fan_in=1):
    return np.sqrt(count * fan_in)


# Equilibrium propagation.


def fixed_point(w, x, depth):
    """Return the states of the prediction where the free network with tied weights rests."""
    states = [np.zeros((len(x), FEATURES)) for _ in range(depth)]
    p = np.zeros((len(x), CLASSES))
    for _ in range(200):
        for n in range(depth):
            below = x @ w["w_in.W"] if n == 0 else states[n - 1] @ w["up1.W"]
            last = n == depth - 1
            above = p @ w["predict.W"].T if last else states[n + 1] @ w["up1.W"].T
            states[n] = np.tanh(below + above + w[f"hidden{n + 1}.b"])
        p = np.tanh(states[-1] @ w["predict.W"])
    return p


def descent(w, x, y, depth, names, step=1e-4):
    """Return minus the derivative of ½ |y − p|², summed over the batch, by finite differences."""

    def loss(moved):
        return 0.5 * np.sum((y - fixed_point(moved, x, depth)) ** 2)

    slopes = {}
    for name in names:
        slopes[name] = np.zeros_like(w[name])
        for place in np.ndindex(w[name].shape):
            sides = []
            for sign in (1, -1):
                array = w[name].copy()
                array[place] += sign * step
                sides.append(loss(w | {name: array}))
            slopes[name][place] = -(sides[0] - sides[1]) / (2 * step)
    return slopes


@DEPTHS
def test_equilibrium_propagation_descends_the_loss_of_its_fixed_point(depth):
    """Oracle: finite differences of the loss at the free fixed point."""
    kinds = [f"model.layers.{layer}.activation={TANH}" for layer in ("hidden", "prediction")]
    kinds += ["model.adapters.w_in.strength=1.0", "model.adapters.predict.strength=0.5"]
    made = experiment("mnist_ep", *SMALL, f"model.depth={depth}", *kinds)
    network, (x, y) = with_biases(network_of(made), depth), examples(made, BATCH)
    beta, phases = 0.02, {}
    for name, nudge in (("free", 0.0), ("towards", beta), ("away", -beta)):
        gains = {"nudge": nudge, "prediction": nudge, "*": 1.0}
        phases[name] = replace(made.train[name], messages=gains, steps=100)
    found = changes(made, network, x, y, Phases(phases))
    w = weights(network)
    names = ["w_in.W", "predict.W", *(f"hidden{n}.b" for n in range(1, depth + 1))]
    slopes = descent(w, x, y, depth, names + ["up1.W"] * (depth - 1))
    expected = {name: 2 * beta * slope for name, slope in slopes.items()}
    expected["back.W"] = expected["predict.W"].T / root(BATCH, CLASSES)
    expected["predict.W"] = expected["predict.W"] / root(BATCH, FEATURES)
    expected["w_in.W"] = expected["w_in.W"] / root(BATCH, INPUTS)
    for n in range(1, depth + 1):
        expected[f"hidden{n}.b"] = expected[f"hidden{n}.b"] / root(BATCH)
    if depth == 2:
        expected["down1.W"] = expected["up1.W"].T / root(BATCH, FEATURES)
        expected["up1.W"] = expected["up1.W"] / root(BATCH, FEATURES)
    scaled = {name: found[name] / (2 * beta) for name in expected}
    close(scaled, {name: change / (2 * beta) for name, change in expected.items()}, 5e-3)


# Contrastive Hebbian learning, whose feedback is weak.


def composed(w, x, depth):
    """Return the output of the feedforward network of tanh units, with a linear output."""
    s = jnp.tanh(x @ w["w_in.W"] + w["hidden1.b"])
    if depth == 2:
        s = jnp.tanh(s @ w["up1.W"] + w["hidden2.b"])
    return s @ w["predict.W"]


@DEPTHS
def test_contrastive_hebbian_learning_with_weak_feedback_is_backpropagation(depth):
    """Oracle: jax.grad of the squared error; Xie and Seung (2003), γ to the number of layers."""
    kinds = [
        f"model.layers.hidden.activation={TANH}",
        f"model.layers.prediction.activation={LINEAR}",
    ]
    made = experiment("mnist_chl", *SMALL, f"model.depth={depth}", *kinds)
    network, (x, y) = with_biases(network_of(made), depth), examples(made, BATCH)
    w = {name: jnp.asarray(array, jnp.float32) for name, array in weights(network).items()}
    slopes = jax.grad(lambda w: -0.5 * jnp.sum((y - composed(w, x, depth)) ** 2))(w)

    layers_above = {"predict.W": 0, f"hidden{depth}.b": 1, "hidden1.b": depth, "w_in.W": depth}
    fan_ins = {"predict.W": FEATURES, "w_in.W": INPUTS}
    if depth == 2:
        layers_above["up1.W"], fan_ins["up1.W"] = 1, FEATURES
    expected = {}
    for name in layers_above:
        expected[name] = np.asarray(slopes[name]) / root(BATCH, fan_ins.get(name, 1))

    def estimate(gamma):
        free = {"nudge": 0, "prediction": 0, "back*": gamma, "down*": gamma, "*": 1}
        clamped = {"prediction": 0, "predict": 0, "back*": gamma, "down*": gamma, "*": 1}
        phases = Phases(
            free=replace(made.train["free"], messages=free, steps=30),
            clamped=replace(made.train["clamped"], messages=clamped, steps=30),
        )
        found = changes(made, network, x, y, phases)
        return {name: found[name] / gamma**power for name, power in layers_above.items()}

    close(extrapolated(estimate, 0.05), expected, 0.02)


# Predictive coding, whose values stay near their predictions.


def predictive(depth):
    kinds = [f"model.layers.value1.activation={TANH}"]
    kinds += [f"model.adapters.predict{n}.strength=1.0" for n in range(1, depth + 2)]
    model = ["model=predictive2"] if depth == 2 else []
    return experiment("mnist_pc", *model, *SMALL, *kinds)


def predicted(w, x, depth):
    value = x @ w["predict1.W"]
    for n in range(2, depth + 2):
        value = jnp.tanh(value) @ w[f"predict{n}.W"]
    return value


def cross_entropy_slopes(network, x, y, forward):
    """Return minus the gradient of the cross-entropy, summed over the batch."""
    w = {name: jnp.asarray(array, jnp.float32) for name, array in weights(network).items()}
    right = jnp.asarray(y > 0, jnp.float32)

    def agreement(w):
        return jnp.sum(right * jax.nn.log_softmax(forward(w, jnp.asarray(x, jnp.float32))))

    return {name: np.asarray(slope) for name, slope in jax.grad(agreement)(w).items()}


@DEPTHS
def test_predictive_coding_near_its_predictions_is_backpropagation(depth):
    """Oracle: jax.grad; each layer has a power more of the ratio of feedback to own error."""
    made = predictive(depth)
    network, (x, y) = network_of(made), examples(made, BATCH)
    slopes = cross_entropy_slopes(network, x, y, lambda w, x: predicted(w, x, depth))
    expected, powers = {}, {}
    for n in range(1, depth + 2):
        fan_in = INPUTS if n == 1 else FEATURES
        expected[f"predict{n}.W"] = slopes[f"predict{n}.W"] / root(BATCH, fan_in)
        powers[f"predict{n}.W"] = depth + 1 - n
        if n > 1:
            sender = CLASSES if n == depth + 1 else FEATURES
            transposed = slopes[f"predict{n}.W"].T / root(BATCH, sender)
            expected[f"explain{n - 1}.W"] = transposed
            powers[f"explain{n - 1}.W"] = depth + 1 - n

    def estimate(ratio):
        gains = {"error_of*": 0.5, "explain*": 0.5 * ratio, "*": 1.0}
        inference = replace(made.train["inference"], messages=gains, steps=60)
        phases = Phases(
            forward=replace(made.train["forward"], steps=depth + 1), inference=inference
        )
        found = changes(made, network, x, y, phases)
        return {name: found[name] / ratio**power for name, power in powers.items()}

    close(extrapolated(estimate, 0.1), expected, 0.02)


@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_the_error_one_step_after_the_predictions_is_that_of_backpropagation(gain):
    """Oracle: jax.grad, exactly: the values have moved once, by their slope times the feedback."""
    made = predictive(1)
    network, (x, y) = network_of(made), examples(made, BATCH)
    slopes = cross_entropy_slopes(network, x, y, lambda w, x: predicted(w, x, 1))
    gains = {"explain*": gain, "*": 1.0}
    inference = replace(made.train["inference"], messages=gains, steps=2)
    found = changes(made, network, x, y, Phases(forward=made.train["forward"], inference=inference))
    expected = {"predict1.W": gain * slopes["predict1.W"] / root(BATCH, INPUTS)}
    close(found, expected, 1e-4)


def test_the_forward_phase_of_predictive_coding_leaves_no_error_in_hidden_layers():
    """Oracle: the composed function."""
    for depth in (1, 2):
        made = predictive(depth)
        network, (x, y) = network_of(made), examples(made, BATCH)
        end = ends(made, network, x, y)["forward"]
        w = weights(network)
        np.testing.assert_allclose(end.state[2], x @ w["predict1.W"], atol=1e-5)
        for n in range(depth):
            np.testing.assert_allclose(end.state[1 + 2 * n], 0, atol=1e-6)
        scores = np.asarray(predicted(w, x, depth))
        powers = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(end.state[1 + 2 * depth], (y > 0) - powers, atol=1e-5)


# Backpropagation itself.


def relu_network(w, x, depth):
    for n in range(1, depth + 1):
        x = jax.nn.relu(x @ w["w_in.W" if n == 1 else "up1.W"] + w[f"hidden{n}.b"])
    return x @ w["w_out.W"]


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@DEPTHS
def test_the_backpropagation_orchestrator_is_the_gradient(depth, loss):
    """Oracle: jax.grad of the composed function; ΔW = −(1/√B) Σ_b ∂loss_b/∂W."""
    more = ["model.adapters.w_out.strength=1.0", f"+dynamics.orchestrator.loss={loss}"]
    made = experiment("mnist_backprop", *SMALL, f"model.depth={depth}", *more)
    network, (x, y) = with_biases(network_of(made), depth), examples(made, BATCH)
    if loss == "cross_entropy":
        slopes = cross_entropy_slopes(network, x, y, lambda w, x: relu_network(w, x, depth))
    else:
        w = {name: jnp.asarray(array, jnp.float32) for name, array in weights(network).items()}
        slopes = jax.grad(lambda w: -0.5 * jnp.sum((y - relu_network(w, x, depth)) ** 2))(w)
    names = ["w_in.W", "w_out.W", *(f"hidden{n}.b" for n in range(1, depth + 1))]
    names += ["up1.W"] * (depth - 1)
    found = changes(made, network, x, y)
    close(found, {name: np.asarray(slopes[name]) / root(BATCH) for name in names}, 1e-4)
    for name in set(found) - set(names):
        assert not np.any(found[name]), name


def test_backpropagation_reads_neither_feedback_nor_the_state():
    """Oracle: jax.grad of one forward step from a blank state, with a leak that reads the state."""
    feedback = "{from: output, to: 'hidden[-1]', _target_: darnax.modules.Feedback, strength: 5.0}"
    more = ["model.adapters.w_out.strength=1.0", "+model.layers.hidden.rate=0.5"]
    more += [f"+model.adapters.w_back={feedback}", "dynamics.train.step.steps=3"]
    made = experiment("mnist_backprop", *SMALL, *more)
    network, (x, y) = with_biases(network_of(made), 1), examples(made, BATCH)

    def leaky(w, x):
        return 0.5 * jax.nn.relu(x @ w["w_in.W"] + w["hidden1.b"]) @ w["w_out.W"]

    slopes = cross_entropy_slopes(network, x, y, leaky)
    names = ["w_in.W", "hidden1.b", "w_out.W"]
    found = changes(made, network, x, y)
    close(found, {name: slopes[name] / root(BATCH) for name in names}, 1e-4)
    assert not np.any(found["w_back.W"])


def test_a_module_without_a_rule_is_frozen_under_backpropagation():
    more = ["model.adapters.w_out.strength=1.0", "model.adapters.w_in.rule=null"]
    made = experiment("mnist_backprop", *SMALL, *more)
    network, (x, y) = network_of(made), examples(made, BATCH)
    found = changes(made, network, x, y)
    assert {name for name in found if np.any(found[name])} == {"w_out.W", "hidden1.b"}


def test_an_unknown_loss_is_refused():
    with pytest.raises(RequestError, match='loss: got "hinge", expected cross_entropy or squared'):
        experiment("mnist_backprop", *SMALL, "+dynamics.orchestrator.loss=hinge")


@pytest.mark.parametrize(
    ("override", "module"),
    [
        ("model.layers.hidden.activation={_target_: darnax.activations.Sign}", "hidden1"),
        (
            "+model.layers.hidden.activation={_target_: darnax.activations.LayerNorm, "
            "activation: {_target_: darnax.activations.KWinners, k: 2}}",
            "hidden1",
        ),
        ("+model.adapters.w_in.presynaptic={_target_: darnax.activations.Sign}", "w_in"),
    ],
)
def test_backpropagation_through_a_flat_activation_is_refused(override, module):
    with pytest.raises(RequestError, match=f"no gradient passes .* here {module};"):
        experiment("mnist_backprop", *SMALL, override)


def test_phases_that_a_gradient_does_not_follow_are_refused():
    """Updates of +1 and −1 of one gradient would cancel, and names of messages have no effect."""
    backpropagation = "darnax.orchestrators.BackpropagationOrchestrator"
    with pytest.raises(RequestError) as refused:
        experiment("mnist_ep", *SMALL, f"dynamics.orchestrator._target_={backpropagation}")
    text = str(refused.value)
    assert "away.learn: w_in learns in towards as well, by the same gradient" in text
    with pytest.raises(RequestError, match=r"step.messages: got names, expected all"):
        experiment("mnist_backprop", *SMALL, "dynamics.train.step.messages=[w_in]")


def test_layers_without_a_slope():
    """Units of ±1 have none, in whichever class; those of another activation have."""
    image, key = (4, 4, 2), jax.random.key(0)
    flat = [BinaryUnits(3), RecurrentDiscrete(3, 0.5, key=key), Units(3)]
    flat.append(RecurrentConvolution(image, 0.5, key=key))
    assert [is_flat(layer) for layer in flat] == [True] * 4
    assert not is_flat(RecurrentTanh(3, 0.5, key=key))
    assert not is_flat(Units(3, ReLU()))
