"""Direct feedback alignment as in configs/model/feedback.yaml. Oracle: a step in numpy."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from schemes import KEY, changes, ends, examples, experiment, network_of, softmax, weights

from darnax.errors import RequestError
from darnax.layer_map import LayerMap
from darnax.modules import Ferromagnetic, FullyConnected, OutputLayer, Units
from darnax.phases import Phases
from darnax.rules import FeedbackAlignment

SMALL = (
    "model.features=6",
    "model.depth=2",
    "data.shape=[5]",
    "model.adapters.guess.strength=1.0",
    "model.adapters.w_out.strength=1.0",
)
BATCH = 4


def slope(h, kind):
    return (h > 0) * 1.0 if kind == "mnist_dfa" else (np.abs(h) <= 1) * 1.0


def activated(h, kind):
    return np.maximum(h, 0) if kind == "mnist_dfa" else np.where(h >= 0, 1.0, -1.0)


def naive_step(w, x, y, kind, gains=(1.0, 1.0)):
    """Return ΔW of every array that learns, and the scores."""
    right = (y > 0) * 1.0
    h1 = x @ w["w_in.W"] + w["hidden1.b"]
    s1 = activated(h1, kind)
    h2 = s1 @ w["up1.W"] + w["hidden2.b"]
    s2 = activated(h2, kind)
    error = right - softmax(s2 @ w["guess.W"])
    e1 = gains[0] * (error @ w["correct1.W"]) * slope(h1, kind)
    e2 = gains[1] * (error @ w["correct2.W"]) * slope(h2, kind)
    scores = s2 @ w["w_out.W"]
    root = np.sqrt(len(x))
    change = {
        "w_in.W": x.T @ e1 / np.sqrt(x.shape[1]) / root,
        "hidden1.b": e1.sum(axis=0) / root,
        "up1.W": s1.T @ e2 / np.sqrt(s1.shape[1]) / root,
        "hidden2.b": e2.sum(axis=0) / root,
        "guess.W": s2.T @ error / np.sqrt(s2.shape[1]) / root,
        "w_out.W": s2.T @ (right - softmax(scores)) / np.sqrt(s2.shape[1]) / root,
    }
    if kind == "mnist_sign":  # the feedback learns too
        for n, s in ((1, s1), (2, s2)):
            change[f"correct{n}.W"] = error.T @ s / np.sqrt(error.shape[1]) / root
    return change, scores


def assert_changes(found, expected):
    for name, change in found.items():
        wanted = expected.get(name, np.zeros_like(change))
        np.testing.assert_allclose(change, wanted, atol=2e-6, err_msg=name)
        assert np.any(wanted) == (name in expected), name


def with_gains(made, messages):
    """Return the phases of training with other messages."""
    return Phases({"step": replace(made.train["step"], messages=messages)})


@pytest.mark.parametrize("kind", ["mnist_dfa", "mnist_sign"])
def test_a_step_is_that_of_numpy(kind):
    more = ["model.adapters.correct.strength=1.0"]
    if kind == "mnist_sign":
        more.append("model.layers.hidden.activation.width=1.0")
    made = experiment(kind, *SMALL, *more)
    network, (x, y) = network_of(made), examples(made, BATCH)
    expected, scores = naive_step(weights(network), x, y, kind)
    assert_changes(changes(made, network, x, y), expected)
    end = ends(made, network, x, y)["step"]
    np.testing.assert_allclose(end.fields[4], scores, atol=1e-5)


@pytest.mark.parametrize("gains", [(2.0, 1.0), (-0.5, 3.0), (0.0, 1.0)])
def test_a_gain_scales_the_third_factor_of_its_layer(gains):
    made = experiment("mnist_dfa", *SMALL)
    network, (x, y) = network_of(made), examples(made, BATCH)
    phases = with_gains(made, {"correct1": gains[0], "correct2": gains[1], "*": 1.0})
    expected, _ = naive_step(weights(network), x, y, "mnist_dfa", gains)
    expected = {name: change for name, change in expected.items() if np.any(change)}
    assert_changes(changes(made, network, x, y, phases), expected)


def test_a_third_factor_enters_no_field():
    """Oracle: the fields with another gain of it, bit for bit."""
    made = experiment("mnist_dfa", *SMALL)
    network, (x, y) = network_of(made), examples(made, BATCH)
    one = ends(made, network, x, y)["step"]
    other = ends(made, network, x, y, with_gains(made, {"correct*": 1e6, "*": 1}))["step"]
    for i, field in one.fields.items():
        np.testing.assert_array_equal(field, other.fields[i])
    assert set(one.third_factors) == {(1, 3), (2, 3)}
    for edge, message in one.third_factors.items():
        assert not network.sends("all", *edge)
        np.testing.assert_allclose(other.third_factors[edge], 1e6 * message, rtol=1e-5)


def test_a_list_of_messages_leaves_a_third_factor_as_it_is():
    made = experiment("mnist_dfa", *SMALL)
    network, (x, y) = network_of(made), examples(made, BATCH)
    sent = ("w_in", "up1", "guess", "tell", "w_out")
    one = ends(made, network, x, y)["step"]
    other = ends(made, network, x, y, with_gains(made, sent))["step"]
    for edge, message in one.third_factors.items():
        np.testing.assert_array_equal(message, other.third_factors[edge])


def rows(word):
    """Return a layer map whose readout names a third factor."""
    rule, keys = FeedbackAlignment(), jax.random.split(KEY, 2)
    w_in = FullyConnected(3, 4, rule=rule, third_factor=word, key=keys[0])
    down = FullyConnected(2, 4, rule=None, key=keys[1])
    return LayerMap.from_dict(
        {1: {0: w_in, 1: Units(4), 2: down}, 2: {2: OutputLayer()}},
        {(1, 0): "w_in", (1, 2): "down", (1, 1): "hidden"},
    )


def test_an_adapter_to_the_same_buffer_is_a_third_factor():
    assert rows("down").third_factors() == {(1, 0): (1, 2)}


@pytest.mark.parametrize("word", ["up", "hidden", "*"])
def test_an_unknown_third_factor_is_refused_with_the_names_that_exist(word):
    with pytest.raises(ValueError, match="expected one of the adapters to the same buffer: w_in"):
        rows(word)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "model.adapters.w_in.third_factor=corect",
            "model.adapters.w_in.third_factor: got 'corect', expected one of the adapters to the "
            "same buffer: w_in, correct1",
        ),
        (
            "model.adapters.w_in.third_factor=tell",
            "third_factor: got 'tell', expected one of the adapters to the same buffer",
        ),
        (
            "model.adapters.w_in.third_factor=null",
            "FeedbackAlignment is a three-factor rule; name the adapter that brings",
        ),
        ("+model.adapters.guess.third_factor=tell", "expected a three-factor rule; leave out"),
    ],
)
def test_a_wrong_third_factor_is_a_problem_of_the_configuration(override, message):
    with pytest.raises(RequestError) as error:
        experiment("mnist_dfa", *SMALL, override)
    assert message in str(error.value)


def test_an_unknown_third_factor_is_reported_beside_other_problems():
    wrong = ["model.adapters.w_in.third_factor=corect", "dynamics.train.step.start=foo"]
    with pytest.raises(RequestError) as error:
        experiment("mnist_dfa", *SMALL, *wrong)
    wheres = {problem.where for problem in error.value.problems}
    assert wheres == {"model.adapters.w_in.third_factor", "dynamics.train.step.start"}


def test_two_identical_adapters_are_two_third_factors():
    """A single Ferromagnetic coupling may be one too: what matters is that it is an adapter."""
    rule = FeedbackAlignment()
    w_in = FullyConnected(4, 4, rule=rule, third_factor="top", key=KEY)
    layer_map = LayerMap.from_dict(
        {1: {0: w_in, 1: Units(4), 2: Ferromagnetic(4)}, 2: {2: OutputLayer()}},
        {(1, 2): "top"},
    )
    assert layer_map.third_factors() == {(1, 0): (1, 2)}
