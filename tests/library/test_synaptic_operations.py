"""Synaptic operations of an inference, against a count by hand."""

import jax
import jax.numpy as jnp
import numpy as np

from darnax.layer_map import LayerMap
from darnax.modules import (
    BinaryUnits,
    DenseMemory,
    Ferromagnetic,
    FullyConnected,
    OutputLayer,
    RecurrentDiscrete,
)
from darnax.operations import count_operations, count_synapses
from darnax.orchestrators import SequentialOrchestrator
from darnax.phases import Phase, Phases
from darnax.states import SequentialState

KEY = jax.random.key(0)


def make_network():
    """Return 4 inputs, 6 units with 2 couplings each, 3 units without, and 2 outputs."""
    rows = {
        1: {
            0: FullyConnected(4, 6, key=KEY),
            1: RecurrentDiscrete(6, 0.5, sparsity=2 / 3, key=KEY),
        },
        2: {1: FullyConnected(6, 3, key=KEY), 2: BinaryUnits(3)},
        3: {2: FullyConnected(3, 2, key=KEY), 3: OutputLayer()},
    }
    return SequentialOrchestrator(LayerMap.from_dict(rows)), SequentialState([4, 6, 3, 2])


def test_synapses_are_the_fan_in_of_each_receiving_unit():
    network, state = make_network()
    found = count_synapses(network, state)
    assert found == {(1, 0): 24, (1, 1): 12, (2, 1): 18, (3, 2): 6}


def test_a_dense_memory_computes_the_overlap_and_the_field_of_every_pattern():
    rows = {
        1: {0: Ferromagnetic(4), 1: DenseMemory(4, slots=3)},
        2: {1: Ferromagnetic(4), 2: OutputLayer()},
    }
    network = SequentialOrchestrator(LayerMap.from_dict(rows))
    found = count_synapses(network, SequentialState([4, 4, 4]))
    assert found == {(1, 0): 4, (1, 1): 3 * 4 + 4 * 3, (2, 1): 4}


def test_operations_are_those_of_each_step_and_of_the_units_that_change():
    network, state = make_network()
    x = jnp.array([[1.0, 0.0, -1.0, 2.0], [0.0, 0.0, 0.0, 1.0]])
    phases = Phases(recall=Phase(steps=3, start="blank", messages="forward"))
    found = count_operations(network, state.init(x), phases, KEY)
    assert found.dense == 24 + 3 * (12 + 18) + 6
    events = 24 * np.mean([3 / 4, 1 / 4]) + 6
    now = state.init(x)
    for _ in range(3):
        after, _ = network.step(now, KEY, "forward")
        changed = np.mean(np.asarray(after[1] != now[1]))
        events += (12 + 18) * changed
        now = after
    assert np.isclose(found.events, events)


def test_steps_to_a_fixed_point_are_counted_as_they_are_taken():
    network, state = make_network()
    now = state.init(jnp.array([[1.0, 0.0, -1.0, 2.0], [0.0, 0.0, 0.0, 1.0]]))
    phases = Phases(recall=Phase(until="fixed_point", max_steps=20, messages="forward"))
    dense = count_operations(network, now, phases, KEY).dense
    steps, has_changed = 0, True
    while has_changed:
        after, _ = network.step(now, KEY, "forward")
        has_changed = any(np.any(np.asarray(after[i] != now[i])) for i in (1, 2))
        now, steps = after, steps + 1
    assert 1 < steps < 20
    assert dense == 24 + steps * (12 + 18) + 6


def test_a_layer_that_a_list_of_names_reaches_sends_its_own_message_too():
    """Oracle: the same phase by a word, which has the same dynamics."""
    network, state = make_network()
    now = state.init(jnp.ones((2, 4)))
    for names in (["0_to_1", "1_to_2"], {"0_to_1": 1.0, "1_to_2": 1.0}):
        named = Phases(recall=Phase(steps=3, messages=names))
        word = Phases(recall=Phase(steps=3, messages="forward"))
        counts = [count_operations(network, now, phases, KEY) for phases in (named, word)]
        assert counts[0] == counts[1]
    only_input = Phases(recall=Phase(steps=3, messages=["0_to_1"]))
    assert count_operations(network, now, only_input, KEY).dense == 24 + 3 * 12 + 6


def test_a_message_with_a_gain_of_0_is_no_operation():
    network, state = make_network()
    phases = Phases(recall=Phase(steps=3, messages={"0_to_1": 0.5, "layer_1": 0.0, "1_to_2": -2.0}))
    now = state.init(jnp.ones((2, 4)))
    assert count_operations(network, now, phases, KEY).dense == 24 + 3 * 18 + 6
    phases = Phases(recall=Phase(steps=3, messages={"0_to_1": 0.0, "layer_1": 1.0, "1_to_2": 0.0}))
    assert count_operations(network, now, phases, KEY).dense == 3 * 12 + 6
