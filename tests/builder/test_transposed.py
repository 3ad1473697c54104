"""Adapters that start as the transpose of the opposite ones. Oracle: the opposite weights."""

import numpy as np
import pytest
from chain import FULL, changed
from schemes import network_of

from darnax.builder import build
from darnax.errors import RequestError

DOWN = "model.adapters.down"
DENSE = {"_target_": FULL, "rule": None}
UP = {"from": "hidden[i]", "to": "hidden[i+1]", "strength": 0.5} | DENSE
BACK = {"from": "hidden[i+1]", "to": "hidden[i]", "transpose": True} | DENSE


def layer_map_of(changes):
    return network_of(build(changed(changes))).layer_map


def test_every_repeated_adapter_starts_as_the_transpose_of_its_opposite():
    layer_map = layer_map_of({"model.adapters.up": UP, DOWN: BACK | {"strength": 9.0}})
    for n in (1, 2):
        up, down = layer_map[f"up{n}"].W, layer_map[f"down{n}"].W
        assert np.any(up)
        np.testing.assert_array_equal(down, up.T)
    assert not np.array_equal(layer_map["up1"].W, layer_map["up2"].W)


def test_the_other_weights_are_drawn_as_without_it():
    one = layer_map_of({"model.adapters.up": UP, DOWN: BACK})
    other = layer_map_of({"model.adapters.up": UP, DOWN: BACK | {"transpose": False}})
    for name in one.names:
        for attribute in ("W", "J"):
            if hasattr(one[name], attribute) and not name.startswith("down"):
                weights = getattr(one[name], attribute), getattr(other[name], attribute)
                np.testing.assert_array_equal(*weights)
    assert not np.array_equal(other["down1"].W, other["up1"].W.T)


def test_buffers_of_other_sizes_have_transposed_weights():
    back = {"from": "output", "to": "hidden[-1]", "transpose": True} | DENSE
    layer_map = layer_map_of({"model.adapters.w_back": back})
    assert layer_map["w_back"].W.shape == (4, 8)
    np.testing.assert_array_equal(layer_map["w_back"].W, layer_map["w_out"].W.T)


def test_two_that_are_transposes_of_each_other_have_one_weight():
    layer_map = layer_map_of({"model.adapters.up": UP | {"transpose": True}, DOWN: BACK})
    np.testing.assert_array_equal(layer_map["up1"].W, layer_map["down1"].W.T)
    assert np.any(layer_map["up1"].W)


SPARSE = {"sparsity": 0.0}
REFUSED = {
    "no opposite": (
        {"model.adapters.w_in.transpose": True},
        "model.adapters.w_in.transpose: w_in: there is no adapter in the opposite direction",
    ),
    "no boolean": (
        {"model.adapters.up": UP, DOWN: BACK | {"transpose": "yes"}},
        f'{DOWN}.transpose: got "yes", expected true or false',
    ),
    "a number": (
        {"model.adapters.up": UP, DOWN: BACK | {"transpose": 1}},
        f"{DOWN}.transpose: got 1, expected true or false",
    ),
    "null": (
        {"model.adapters.up": UP, DOWN: BACK | {"transpose": None}},
        f"{DOWN}.transpose: got null, expected true or false",
    ),
    "an opposite without a matrix": (
        {DOWN: BACK},
        "down1: transpose: got Ferromagnetic, expected two dense adapters of opposite directions",
    ),
    "a sparse opposite": (
        {"model.adapters.up": UP | {"sparsity": 0.5}, DOWN: BACK},
        "down1: transpose: got FullyConnected",
    ),
    "a sparse opposite of all synapses": (
        {"model.adapters.up": UP | SPARSE, DOWN: BACK},
        "down1: transpose: got FullyConnected",
    ),
    "two sparse ones": (
        {"model.adapters.up": UP | SPARSE, DOWN: BACK | SPARSE},
        "down1: transpose: got FullyConnected",
    ),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_transpose_is_refused(changes, message):
    with pytest.raises(RequestError) as error:
        build(changed(changes))
    (problem,) = error.value.problems
    assert message in str(problem)
    assert "\n" not in str(problem)
