"""Messages by name, with gains. Oracle: the sum of the messages of the naive model."""

from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import naive
import numpy as np
import pytest
from networks import chain, sample

from darnax.layer_map import LayerMap
from darnax.modules import Adapter
from darnax.orchestrators import (
    AsynchronousOrchestrator,
    ParallelOrchestrator,
    SequentialOrchestrator,
)
from darnax.phases import Factors, Phase, Phases
from darnax.relaxation import relax
from darnax.schedule import run_phases
from darnax.states import SequentialState

KEY = jax.random.key(11)
ORDERS = {
    "sequential": SequentialOrchestrator,
    "parallel": ParallelOrchestrator,
    "one turn": lambda layer_map: AsynchronousOrchestrator(layer_map, 1),
}
CHOICES = {  # modules: w_in, hidden1, 2_to_1, 1_to_2, hidden2, w_back, w_out, output
    "names": ("w_in", "1_to_2", "w_out"),
    "globs": ("w_*", "hidden2"),
    "one layer receives": ("w_back",),
    "the layer is named alone": ("hidden1",),
    "gains": {"w_in": 0.5, "2_to_1": -2.0, "w_back": 3.0, "w_out": 0.25},
    "gains of layers": {"w_in": 1.5, "hidden*": 0.1, "1_to_2": 1.0},
    "a gain of 0": {"w_in": 0.0, "w_back": 0.7},
    "the closest match counts": {"w_back": -1.5, "w_*": 0.5, "*": 2.0},
    "the closest match counts, in another order": {"*": 2.0, "w_*": 0.5, "w_back": -1.5},
    "of equals the first match counts": {"?_to_1": -1.5, "2_to_?": 0.5},
}


def started(name="sequential"):
    """Return the network and a state with no empty buffer."""
    layer_map, sizes = chain()
    rng = np.random.default_rng(5)
    x, y = sample(sizes)
    hidden = [np.sign(rng.normal(size=(len(x), *size))).astype(np.float32) for size in sizes[1:-1]]
    return ORDERS[name](layer_map), SequentialState(sizes).replace([x, *hidden, y])


def buffers(state):
    return [np.asarray(state[i], np.float64) for i in range(len(state))]


def read(messages):
    """Return the messages as a phase holds them."""
    return Phase(steps=1, messages=messages).messages


for_every_choice = pytest.mark.parametrize("messages", CHOICES.values(), ids=CHOICES)


@for_every_choice
@pytest.mark.parametrize("clamp", [False, True])
def test_fields_are_sums_of_the_messages_that_are_sent(messages, clamp):
    network, state = started()
    clamped = network.clamped_messages(state, KEY) if clamp else None
    fields = network.fields(state, KEY, read(messages), clamped)
    assert set(fields) == {1, 2, 3}
    for i, field in fields.items():
        expected = naive.field(network, buffers(state), i, messages)
        np.testing.assert_allclose(field, expected, atol=1e-5)


@for_every_choice
@pytest.mark.parametrize("order", ORDERS)
def test_steps_are_those_of_the_messages_that_are_sent(messages, order):
    network, state = started(order)
    expected = buffers(state)
    clamped = network.clamped_messages(state, KEY)
    for _ in range(3):
        expected = naive.step(network, expected, messages, parallel=order == "parallel")
        state, _ = network.step(state, KEY, read(messages), clamped)
    for found, wanted in zip(buffers(state), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@for_every_choice
def test_in_many_turns_a_layer_without_messages_keeps_its_state(messages):
    layer_map, _ = chain()
    _, state = started()
    network = AsynchronousOrchestrator(layer_map, 4)
    after, _ = network.step(state, KEY, read(messages))
    for i in (1, 2):
        if not naive.receives(network, messages, i):
            np.testing.assert_array_equal(after[i], state[i])


def test_a_layer_that_receives_nothing_keeps_its_state_and_has_no_field():
    network, state = started()
    messages = read(("w_back",))
    fields = network.fields(state, KEY, messages)
    assert network.updated(messages) == (2,)
    assert not np.any(fields[1])
    assert not np.any(fields[3])
    after, _ = network.step(state, KEY, messages)
    np.testing.assert_array_equal(after[1], state[1])
    assert not np.array_equal(after[2], state[2])


def test_a_layer_sends_to_itself_beside_any_message_that_is_named():
    """Oracle: the field without the message of the layer, plus that message."""
    network, state = started()
    layer, w_in = network.layer_map["hidden1"], network.layer_map["w_in"]
    own, message = np.asarray(layer(state[1])), np.asarray(w_in(state[0]))
    field = network.field(1, state, KEY, read(("w_in",)))
    np.testing.assert_allclose(field, message + own, atol=1e-5)
    field = network.field(1, state, KEY, read({"w_in": 2.0}))
    np.testing.assert_allclose(field, 2 * message + own, atol=1e-5)
    field = network.field(1, state, KEY, read({"w_in": 2.0, "hidden1": -0.5}))
    np.testing.assert_allclose(field, 2 * message - 0.5 * own, atol=1e-5)


@pytest.mark.parametrize("order", ORDERS)
def test_a_gain_of_one_changes_no_bit(order):
    network, state = started(order)
    one, _ = network.step(state, KEY, "all")
    for messages in (("*",), {"*": 1}, {"*": 1.0}):
        other, _ = network.step(state, KEY, read(messages))
        for i in range(len(state)):
            np.testing.assert_array_equal(one[i], other[i])


def test_clamped_messages_are_made_once_and_scaled_in_every_phase():
    """Oracle: the naive model, phase by phase, each with its own gains of one clamped message."""
    network, state = started()
    phases = Phases(
        a=Phase(steps=2, messages={"w_back": 0.5, "*": 1.0}),
        b=Phase(steps=1, messages={"w_back": -3.0, "w_in": 2.0, "1_to_2": 1.0}),
        c=Phase(steps=0, messages={"w_in": 0.1}),
    )
    expected = buffers(state)
    for name, end in run_phases(network, state, phases, KEY):
        messages = phases[name].messages
        for _ in range(phases[name].length):
            expected = naive.step(network, expected, messages)
        for i, field in end.fields.items():
            wanted = naive.field(network, expected, i, messages)
            np.testing.assert_allclose(field, wanted, atol=1e-5)


class Counting(Adapter):
    """Counts how often its message is made."""

    calls: Callable[[], None]
    inner: Adapter

    def __call__(self, x, rng=None):
        self.calls()
        return self.inner(x, rng)

    def backward(self, x, y, y_hat):
        return self

    def plastic(self):
        return self.inner.plastic()


def test_the_message_of_the_input_is_made_once_for_phases_that_show_the_same():
    layer_map, _ = chain()
    calls: list[int] = []
    counting = Counting(lambda: calls.append(1), layer_map["w_in"])
    modules = [counting if name == "w_in" else layer_map[name] for name in layer_map.names]
    network = SequentialOrchestrator(layer_map.with_modules(modules))
    _, state = started()
    one = Phase(steps=2, messages={"w_in": 0.5, "*": 1.0})
    shown = [one, replace(one, messages={"*": 2.0}), replace(one, start="blank")]
    phases = Phases({str(number): phase for number, phase in enumerate(shown)})
    list(run_phases(network, state, phases, KEY))
    assert len(calls) == 1
    calls.clear()
    list(run_phases(network, state, Phases(phases, z=replace(one, input="none")), KEY))
    assert len(calls) == 2


def test_relaxing_with_gains_stops_where_no_unit_flips():
    """Oracle: the naive steps, until two are equal."""
    network, state = started()
    messages = {"w_in": 2.0, "hidden*": 0.2, "1_to_2": 1.0}
    phase = Phase(until="fixed_point", max_steps=20, messages=messages)
    after, _, relaxation = relax(network, state, KEY, phase)
    expected, steps = buffers(state), 0
    while True:
        new, steps = naive.step(network, expected, messages), steps + 1
        if all(np.array_equal(one, other) for one, other in zip(new, expected, strict=True)):
            break
        expected = new
    assert int(relaxation.steps) == steps < 20
    for found, wanted in zip(buffers(after), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ("some", "got 'some', expected one of all, forward, unsupervised, or a list of names"),
        ((), "messages: got no name, expected at least one"),
        ({}, "messages: got an empty mapping, expected at least one name"),
        ({"a": True}, "messages: a: got True, expected a number"),
        ({"a": "1"}, "messages: a: got '1', expected a number"),
        ({"a": None}, "messages: a: got None, expected a number"),
        ({"a": float("nan")}, "messages: a: got nan, expected a finite number"),
        ({"a": float("inf")}, "messages: a: got inf, expected a finite number"),
        ({"a": [1.0]}, r"messages: a: got \[1.0\], expected a number"),
        ({"a": np.ones(2)}, "messages: a: got .*, expected a number"),
        ((1, 2), r"messages: got \(1, 2\), expected names of modules"),
        (3, "messages: got 3, expected names of modules"),
    ],
)
def test_wrong_messages_are_refused(messages, message):
    with pytest.raises(ValueError, match=message):
        Phase(steps=1, messages=messages)


def test_gains_may_be_numbers_of_any_library():
    factors = Factors.of({"a": 1, "b": np.float32(2), "c": jnp.float32(3), "d": np.array(4.0)})
    assert [float(factors.find(name)) for name in "abcd"] == [1, 2, 3, 4]
    assert len(jax.tree.leaves(factors)) == 4


def test_a_chain_without_names_uses_the_names_of_its_edges():
    layer_map, _ = chain()
    rows = {i: layer_map[i] for i in layer_map.rows()}
    network, (_, state) = SequentialOrchestrator(LayerMap.from_dict(rows)), started()
    field = network.field(1, state, KEY, read({"0_to_1": 2.0, "layer_1": 0.0}))
    message = np.asarray(layer_map["w_in"](state[0]))
    np.testing.assert_allclose(field, 2 * message, atol=1e-5)
