"""Relaxation and its stopping criterion. Oracle: a Python loop over the steps."""

import math

import equinox as eqx
import jax
import jaxtyping
import numpy as np
import pytest
from networks import chain, sample

from darnax.layer_map import LayerMap
from darnax.modules import FullyConnected, OutputLayer, RecurrentDiscrete
from darnax.orchestrators import ParallelOrchestrator, SequentialOrchestrator
from darnax.phases import Phase
from darnax.relaxation import any_true, relax
from darnax.states import SequentialState

KEY = jax.random.key(13)
run = eqx.filter_jit(relax)
step = eqx.filter_jit(lambda network, state, messages: network.step(state, KEY, messages)[0])


def network_and_state(j_d=0.5, batch=6, order=SequentialOrchestrator):
    layer_map, sizes = chain()

    def where(lm):
        return [module.J_D for module in lm.modules if isinstance(module, RecurrentDiscrete)]

    strong = eqx.tree_at(where, layer_map, replace_fn=lambda old: np.full_like(old, j_d))
    x, y = sample(sizes, batch=batch)
    return order(strong), SequentialState(sizes).init(x, y)


def trajectory(network, state, steps, messages="all"):
    """Return the states after 0, …, `steps` steps, and the flipped fraction per step and sample."""
    states, flips = [state], []
    for _ in range(steps):
        states.append(step(network, states[-1], messages))
        hidden = [np.concatenate([np.asarray(s[1]), np.asarray(s[2])], axis=1) for s in states[-2:]]
        flips.append(np.mean(hidden[0] != hidden[1], axis=1))
    return states, np.array(flips)


def assert_same(one, other):
    for i in range(len(one)):
        np.testing.assert_array_equal(one[i], other[i])


@pytest.mark.parametrize("order", [SequentialOrchestrator, ParallelOrchestrator])
@pytest.mark.parametrize(
    ("steps", "messages"), [(1, "all"), (4, "all"), (4, "forward"), (4, "unsupervised")]
)
def test_steps_are_exact(order, steps, messages):
    network, state = network_and_state(order=order)
    states, flips = trajectory(network, state, steps, messages)
    relaxed, _, result = run(network, state, KEY, Phase(steps=steps, messages=messages))
    assert_same(relaxed, states[-1])
    assert result.steps == steps
    np.testing.assert_allclose(result.flips, flips[-1].mean(), rtol=1e-6)
    np.testing.assert_allclose(result.converged, np.mean(flips[-1] == 0), rtol=1e-6)


def test_a_fixed_point_stops_the_phase_after_the_first_step_without_a_flip():
    network, state = network_and_state(j_d=1.5)
    states, flips = trajectory(network, state, 30)
    expected = 1 + int(np.argmax(flips.max(axis=1) == 0))
    assert 2 < expected < 30  # else this network tests nothing
    relaxed, _, result = run(network, state, KEY, Phase(until="fixed_point", max_steps=30))
    assert (result.steps, result.flips, result.converged) == (expected, 0, 1)
    assert_same(relaxed, states[-1])


def test_it_stops_for_the_slowest_of_the_batch_and_at_the_latest_after_max_steps():
    network, state = network_and_state(j_d=1.5)
    states, flips = trajectory(network, state, 2)
    assert (flips[-1] > 0).any()
    relaxed, _, result = run(network, state, KEY, Phase(until="fixed_point", max_steps=2))
    assert result.steps == 2
    np.testing.assert_allclose(result.converged, np.mean(flips[-1] == 0))
    assert_same(relaxed, states[-1])


def test_at_a_fixed_point_one_step_is_taken():
    network, state = network_and_state(j_d=1.5)
    settled, _, _ = run(network, state, KEY, Phase(steps=30))
    again, _, result = run(network, settled, KEY, Phase(until="fixed_point", max_steps=30))
    assert_same(again, settled)
    assert result.steps == 1


@pytest.mark.parametrize(
    "size", [(7,), (48,), (50,), (4, 5, 3)]
)  # looked at in one part, in sixteen, ten, fifteen
def test_a_flip_of_any_single_unit_is_detected(size):
    seen = jax.jit(any_true)
    nothing = np.zeros((2, math.prod(size)), bool)
    assert not seen(nothing.reshape(2, *size))
    for place in np.ndindex(nothing.shape):
        one = nothing.copy()
        one[place] = True
        assert seen(one.reshape(2, *size))


def test_a_blank_start_keeps_only_the_input_and_the_output():
    network, state = network_and_state()
    used, _, _ = run(network, state, KEY, Phase(steps=3))
    assert used[1].any()
    for phase in (Phase(steps=0, start="blank"), Phase(steps=3, start="blank")):
        fresh, _, _ = run(network, used, KEY, phase)
        expected, _, _ = run(network, state, KEY, Phase(steps=phase.length))
        assert_same(fresh, expected)


def test_no_step_changes_nothing():
    network, state = network_and_state()
    relaxed, _, result = run(network, state, KEY, Phase(steps=0))
    assert_same(relaxed, state)
    assert (result.steps, result.flips) == (0, 0)


def test_constant_messages_are_computed_once(monkeypatch):
    network, state = network_and_state()
    clamped, counted = network.clamped_messages(state, KEY), []
    compute = type(network).clamped_messages

    def count_and_compute(self, *rest):
        counted.append(1)
        return compute(self, *rest)

    monkeypatch.setattr(type(network), "clamped_messages", count_and_compute)
    jax.eval_shape(lambda: relax(network, state, KEY, Phase(steps=2))[0])
    assert len(counted) == 1
    jax.eval_shape(lambda: relax(network, state, KEY, Phase(steps=2), clamped)[0])
    assert len(counted) == 1


def test_without_hidden_units_nothing_flips():
    readout = {0: FullyConnected(4, 3, rule=None, key=KEY), 1: OutputLayer()}
    state = SequentialState([(4,), (3,)]).init(jax.numpy.ones((5, 4)))
    _, _, result = relax(
        SequentialOrchestrator(LayerMap.from_dict({1: readout})), state, KEY, Phase(steps=2)
    )
    assert (result.steps, result.flips, result.converged) == (2, 0, 1)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({}, "either `steps: n` or `until: fixed_point`"),
        (
            {"steps": 3, "until": "fixed_point", "max_steps": 9},
            "either `steps: n` or `until: fixed_point`",
        ),
        ({"until": "fixed_point"}, "go together"),
        ({"steps": 3, "max_steps": 9}, "go together"),
        ({"steps": -1}, "got -1 steps, expected 0 or more"),
        ({"steps": 2**31}, "got 2147483648 steps, .* less than 2147483648"),
        (
            {"steps": 3, "messages": "forwards"},
            "messages: got 'forwards', expected one of all, forward, unsupervised",
        ),
        ({"steps": 3, "start": ""}, "start: got '', expected keep, blank, random, or the name"),
        ({"steps": 3, "messages": ()}, "messages: got no name, expected at least one"),
        ({"steps": 3, "messages": {}}, "messages: got an empty mapping"),
        ({"steps": 3, "messages": {"up": True}}, "messages: up: got True, expected a number"),
        ({"steps": 3, "learn": {"up": float("inf")}}, "learn: up: got inf, expected a finite"),
        ({"steps": 3, "target": "false"}, "target: got 'false', expected one of given, wrong"),
        (
            {"until": "fixedpoint", "max_steps": 9},
            "until: got 'fixedpoint', expected one of None, fixed_point",
        ),
        ({"steps": 3, "learn": "hidden*"}, r"as in learn=\('hidden\*',\)"),
    ],
)
def test_an_invalid_phase_is_refused(choices, message, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # its refusal would come first
    with pytest.raises(ValueError, match=message):
        Phase(**choices)
