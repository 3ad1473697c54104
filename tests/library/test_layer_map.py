"""The connection graph. Oracle: the dictionary from which it was created."""

import jax
import jax.numpy as jnp
import pytest
from networks import chain

from darnax.layer_map import LayerMap
from darnax.modules import Ferromagnetic, OutputLayer, RecurrentDiscrete

LAYER = RecurrentDiscrete(3, 0.5, key=jax.random.key(0))
ADAPTER, OUTPUT = Ferromagnetic(3), OutputLayer()
ROWS = {2: {2: OUTPUT, 1: ADAPTER}, 1: {2: ADAPTER, 1: LAYER, 0: ADAPTER}}  # in no order


def test_modules_are_found_by_receiver_and_by_edge():
    lm = LayerMap.from_dict(ROWS)
    assert lm[1] == {0: ADAPTER, 1: LAYER, 2: ADAPTER}
    assert lm[1, 1] is LAYER
    assert lm[2, 2] is OUTPUT
    assert (1, 2) in lm
    assert (2, 0) not in lm
    assert (len(lm), lm.output, lm.rows()) == (5, 2, (1, 2))
    with pytest.raises(KeyError):
        lm[2, 0]
    with pytest.raises(KeyError):
        lm[0]


def test_edges_come_by_receiver_and_then_by_sender():
    lm = LayerMap.from_dict(ROWS)
    assert [edge for edge, _ in lm.edge_items()] == [(1, 0), (1, 1), (1, 2), (2, 1), (2, 2)]
    assert all(ROWS[i][j] is module for (i, j), module in lm.edge_items())


def test_the_wiring_is_static_and_the_modules_are_the_leaves():
    lm = LayerMap.from_dict(ROWS)
    modules = [module for _, module in lm.edge_items()]
    assert len(jax.tree.leaves(lm)) == len(jax.tree.leaves(modules))
    doubled = jax.jit(lambda m: jax.tree.map(lambda array: 2 * array, m))(lm)
    assert (doubled.edges, doubled.names) == (lm.edges, lm.names)
    assert jnp.array_equal(doubled[1, 1].J, 2 * LAYER.J)
    assert jax.tree.structure(lm) != jax.tree.structure(LayerMap.from_dict(ROWS, {(1, 1): "other"}))


def test_default_names_give_the_position_of_a_module():
    assert LayerMap.from_dict(ROWS).names == ("0_to_1", "layer_1", "2_to_1", "1_to_2", "layer_2")
    assert LayerMap.from_dict(ROWS, {(1, 2): "w_back"}).names == (
        "0_to_1",
        "layer_1",
        "w_back",
        "1_to_2",
        "layer_2",
    )


def test_the_representation_shows_every_module():
    lm, _ = chain()
    printed = str(lm)
    assert len(printed.splitlines()) == 1 + len(lm)
    assert "3 -> 2  w_back: FullyConnected" in printed


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "at least an output layer"),
        ({0: {0: LAYER}, 1: {1: OUTPUT}}, r"0 -> 0: receivers are numbered from 1"),
        ({0: {1: ADAPTER}, 1: {1: OUTPUT}}, r"1 -> 0: receivers are numbered from 1"),
        ({1: {1: LAYER}, 2: {1: ADAPTER}}, r"1 -> 2: buffer 2 receives a message but has no layer"),
        (
            {1: {1: LAYER, 0: LAYER}},
            r"0 -> 1: got a RecurrentDiscrete, expected the adapter of this edge",
        ),
        ({1: {1: ADAPTER}}, r"1 -> 1: got a Ferromagnetic, expected the layer of this edge"),
        ({1: {1: LAYER, 2: ADAPTER}}, r"2 -> 1: there is no buffer 2; buffers go from 0 to 1"),
        ({1: {1: LAYER, -1: ADAPTER}}, r"-1 -> 1: there is no buffer -1"),
    ],
)
def test_an_invalid_connection_graph_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        LayerMap.from_dict(rows)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({(1, 0): "w", (2, 1): "w"}, "two modules have one name"),
        ({(1, 0): "layer_1"}, "two modules have one name"),
        ({(2, 0): "skip"}, r"got names for \[\(2, 0\)\]"),
    ],
)
def test_names_of_modules_must_be_unique(names, message):
    with pytest.raises(ValueError, match=message):
        LayerMap.from_dict(ROWS, names)
