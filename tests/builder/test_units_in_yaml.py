"""Units and their activations in a configuration. Oracle: the objects that the keys name."""

import equinox as eqx
import jax
import pytest
from chain import changed
from tiny import TINY, moves, tiny, trained

from darnax.activations import KWinners, ReLU, Softmax, Tanh
from darnax.builder import build, describe
from darnax.connectivity import Sparse
from darnax.errors import RequestError

HIDDEN = "model.layers.hidden"
W_OUT = "model.adapters.w_out"
HEBBIAN = {"_target_": "darnax.rules.Hebbian"}


def activation(name, **arguments):
    return {"_target_": f"darnax.activations.{name}", **arguments}


def units(name="Tanh", arguments=None, **keys):
    """Return the key and the value of a layer of units."""
    chosen = activation(name, **(arguments or {}))
    return {HIDDEN: {"_target_": "darnax.modules.Units", "activation": chosen, **keys}}


def made(changes):
    """Return the layer map of a small network with these changes."""
    experiment = build(changed(TINY | changes))
    return eqx.filter_jit(experiment.make_network)(jax.random.key(3)).layer_map


RECURRENT = {
    "sparsity": 0.6,
    "j_d": 0.5,
    "rate": 0.25,
    "bias": HEBBIAN,
}


def test_a_layer_of_units_is_built_from_its_keys():
    changes = units(**RECURRENT) | {
        f"{W_OUT}.presynaptic": activation("ReLU"),
        f"{W_OUT}.rule": HEBBIAN | {"activation": activation("KWinners", k=2)},
    }
    layer_map = made(changes)
    layer, w_out = layer_map[1, 1], layer_map["w_out"]
    assert isinstance(layer.rho, Tanh)
    assert isinstance(layer.connectivity, Sparse)
    assert (layer.J.shape, layer.b.shape) == ((3, 8), (8,))
    assert (float(layer.J_D), float(layer.rate)) == (0.5, 0.25)
    assert isinstance(w_out.presynaptic, ReLU)
    assert isinstance(w_out.rule.activation, KWinners)


@pytest.mark.parametrize(
    ("keys", "place", "expected"),
    [
        ({"rate": 3}, "rate", "got 3, expected a number from 0 to 1"),
        ({"rate": [0.5] * 7 + [-1]}, "rate", "expected a number from 0 to 1"),
        ({"arguments": {"temperature": 0}, "name": "Softmax"}, "activation.temperature", "above 0"),
        ({"arguments": {"width": -1}, "name": "Sign"}, "activation.width", "of 0 or more"),
    ],
)
def test_a_number_out_of_its_range_is_refused_at_its_key(keys, place, expected):
    with pytest.raises(RequestError) as error:
        build(changed(TINY | units(**keys)))
    [problem] = error.value.problems
    assert problem.where == f"{HIDDEN}.{place}"
    assert expected in problem.what


def test_ranges_are_refused_in_python_and_not_checked_in_a_compiled_function():
    with pytest.raises(ValueError, match=r"temperature: got -1.0, expected a number above 0"):
        Softmax(temperature=-1.0)
    assert jax.jit(lambda t: Softmax(t).temperature)(-1.0) == -1


def test_the_table_of_a_network_names_activations_and_their_numbers():
    changes = units("LayerNorm", {"activation": activation("Sign", width=0.25)}, j_d=0.5)
    changes |= {f"{W_OUT}.presynaptic": activation("ReLU")}
    described = describe(changed(TINY | changes))
    settings = {row.name: row.settings for row in described.modules}
    chosen = "activation=LayerNorm activation.activation=Sign activation.activation.width=0.25"
    assert settings["hidden1"] == f"j_d=0.5 {chosen}"
    assert "presynaptic=ReLU" in settings["w_out"].split()


def test_without_a_connectivity_units_need_no_key():
    layer = made(units("ReLU"))[1, 1]
    assert layer.J is None
    assert layer.b is None


def test_units_train_in_the_programs_of_a_run():
    _, before, state = trained(tiny(units(**RECURRENT)))
    assert moves(before, state)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            units("Tanh", rule=HEBBIAN),
            f"{HIDDEN}: got rule=Hebbian",
        ),
        (units("KWinners"), f"{HIDDEN}.activation.k: is missing"),
        (units("KWinners", {"k": 0}), f"{HIDDEN}: k: got 0, expected one winner at least"),
        (
            units("KWinners", {"k": 20}),
            f"{HIDDEN}: its state of size (8,): k: got 20 winners, expected 8 at most",
        ),
        (
            units("Relu"),
            f"{HIDDEN}.activation._target_: ",
        ),
        (
            {HIDDEN: {"_target_": "darnax.modules.Units", "activation": HEBBIAN}},
            f"{HIDDEN}.activation: got Hebbian, expected an Activation",
        ),
        (units(rate=[0.5, 1.0]), f"{HIDDEN}: rate: got shape (2,), expected () or (8,)"),
    ],
)
def test_an_error_is_reported_with_the_path_of_the_key(changes, message):
    with pytest.raises(RequestError) as error:
        build(changed(TINY | changes))
    assert message in str(error.value)


def test_show_counts_couplings_and_biases():
    rows = {row.name: row for row in describe(changed(TINY | units(**RECURRENT))).modules}
    assert rows["hidden1"].connectivity == "sparse 3"
    assert rows["hidden1"].plastic == 3 * 8 + 8
