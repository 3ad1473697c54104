"""Factors of updates, phase by phase. Oracle: the naive updates, added with their signs."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import naive
import numpy as np
import optax
import pytest
from networks import chain, sample

from darnax.learning import init_optimizer, train_step
from darnax.orchestrators import SequentialOrchestrator
from darnax.phases import Phase, Phases
from darnax.states import SequentialState

KEY, RATE = jax.random.key(17), 0.3
SGD = optax.sgd(RATE)
PLASTIC = {"w_in": "W", "hidden1": "J", "hidden2": "J", "w_out": "W"}
SIGNED = Phases(
    free=Phase(steps=2, messages="forward", learn={"w_in": -1, "hidden1": 0.5, "hidden*": -2.0}),
    clamped=Phase(steps=2, learn={"w_in": 1, "hidden*": 3.0, "w_out": 0.25}),
    again=Phase(steps=1, messages={"w_in": 0.5, "*": 1}, learn=("w_in", "hidden2")),
)
STEP = eqx.filter_jit(train_step)


def step(phases):
    """Return what a step adds to every plastic array, by module, and the result of the step."""
    layer_map, sizes = chain()
    network, (x, y) = SequentialOrchestrator(layer_map), sample(sizes)
    opt_state = init_optimizer(network, SGD, phases)
    learnt = STEP(network, SGD, opt_state, SequentialState(sizes), phases, x, y, KEY)
    added = {}
    for name, array in PLASTIC.items():
        before, after = getattr(layer_map[name], array), learnt.network.layer_map[name]
        added[name] = np.asarray(getattr(after, array)) - np.asarray(before)
    return added, learnt


def naive_sum(phases, factors):
    """Return the sum of `factors[phase][module]` times the naive update of a module in a phase."""
    layer_map, sizes = chain()
    network = SequentialOrchestrator(layer_map)
    x, y = (np.asarray(array, np.float64) for array in sample(sizes))
    buffers = [x, *(np.zeros((len(x), *size)) for size in sizes[1:-1]), y]
    total = {name: np.zeros(getattr(layer_map[name], a).shape) for name, a in PLASTIC.items()}
    for name, phase in phases.items():
        for _ in range(phase.length):
            buffers = naive.step(network, buffers, phase.messages)
        for (i, j), called in zip(layer_map.edges, layer_map.names, strict=True):
            if called in factors[name]:
                field = naive.field(network, buffers, i, phase.messages)
                change = naive.change(layer_map[called], buffers[j], buffers[i], field)
                total[called] += factors[name][called] * change
    return total


def test_a_step_adds_the_signed_changes_of_all_phases():
    factors = {
        "free": {"w_in": -1, "hidden1": 0.5, "hidden2": -2.0},  # the closest match counts
        "clamped": {"w_in": 1, "hidden1": 3.0, "hidden2": 3.0, "w_out": 0.25},
        "again": {"w_in": 1, "hidden2": 1},
    }
    added, learnt = step(SIGNED)
    for name, expected in naive_sum(SIGNED, factors).items():
        assert np.any(expected)
        np.testing.assert_allclose(added[name], RATE * expected, atol=2e-6, err_msg=name)
        size = RATE * np.linalg.norm(expected)
        np.testing.assert_allclose(learnt.metrics[f"update/{name}"], size, atol=1e-5)


def test_the_norm_of_each_part_is_checked_with_its_factor():
    """Oracle: the naive changes; a sum of opposite parts must not hide that one is too large."""
    _, learnt = step(SIGNED)
    parts = [("free", "w_in", 1), ("free", "hidden1", 0.5), ("free", "hidden2", 2.0)]
    parts += [("clamped", "w_in", 1), ("clamped", "hidden1", 3.0), ("clamped", "hidden2", 3.0)]
    parts += [("again", "w_in", 1), ("again", "hidden2", 1)]
    sizes = []
    for phase, name, factor in parts:
        only = {other: {name: factor} if other == phase else {} for other in SIGNED}
        sizes.append(np.linalg.norm(naive_sum(SIGNED, only)[name]))
    found = np.asarray(learnt.sizes)[2 : 2 + len(parts)]
    np.testing.assert_allclose(np.sort(found), np.sort(sizes), atol=1e-5)


@pytest.mark.parametrize("factor", [1, 1.0])
def test_a_factor_of_one_is_that_of_a_list(factor):
    phase = Phase(steps=2, learn=("w_in", "hidden*"))
    listed, _ = step(Phases(a=phase))
    mapped, _ = step(Phases(a=replace(phase, learn={"w_in": factor, "hidden*": factor})))
    for name, added in listed.items():
        np.testing.assert_array_equal(mapped[name], added, err_msg=name)
    assert not np.any(listed["w_out"])


def test_opposite_factors_of_one_state_cancel_exactly():
    one = Phase(steps=2, learn={"hidden*": 1})
    added, _ = step(Phases(a=one, b=Phase(steps=0, learn={"hidden*": -1})))
    for name in PLASTIC:
        assert not np.any(added[name]), name


def test_an_array_is_a_factor():
    phase = Phase(steps=1, learn={"w_in": jnp.float32(-0.5)})
    plain, _ = step(Phases(a=replace(phase, learn=("w_in",))))
    scaled, _ = step(Phases(a=phase))
    np.testing.assert_allclose(scaled["w_in"], -0.5 * plain["w_in"], atol=1e-7)


@pytest.mark.parametrize(
    ("learn", "message"),
    [
        ("w_in", "learn: got the string 'w_in'"),
        ({}, "learn: got an empty mapping"),
        ({"w_in": None}, "learn: w_in: got None, expected a number"),
        ({"w_in": float("inf")}, "learn: w_in: got inf, expected a finite number"),
        ((1,), r"learn: got \(1,\), expected names of modules"),
    ],
)
def test_wrong_factors_are_refused(learn, message):
    with pytest.raises(ValueError, match=message):
        Phase(steps=1, learn=learn)


def naive_towards(weights):
    """Return the naive update at the end of `free`, with a mixture of states to be learned."""
    layer_map, sizes = chain()
    network = SequentialOrchestrator(layer_map)
    x, y = (np.asarray(array, np.float64) for array in sample(sizes))
    buffers = [x, *(np.zeros((len(x), *size)) for size in sizes[1:-1]), y]
    ends = {}
    for name, messages in (("clamped", "all"), ("free", "forward")):
        buffers = naive.step(network, buffers, messages)
        ends[name] = buffers
    mixed = [sum(weights[n] * ends[n][i] for n in weights) for i in range(len(buffers))]
    total = {}
    for (i, j), called in zip(layer_map.edges, layer_map.names, strict=True):
        if called in PLASTIC:
            field = naive.field(network, buffers, i, "forward")
            total[called] = naive.change(layer_map[called], buffers[j], mixed[i], field)
    return total


@pytest.mark.parametrize("weights", [{"clamped": 1.0}, {"clamped": 0.25, "free": 0.75}])
def test_modules_learn_towards_the_state_of_other_phases(weights):
    """Oracle: the naive update; senders and fields are those of the phase itself."""
    phases = Phases(
        clamped=Phase(steps=1),
        free=Phase(steps=1, messages="forward", learn=("*",), target_state=weights),
    )
    added, _ = step(phases)
    for name, expected in naive_towards(weights).items():
        assert np.any(expected)
        np.testing.assert_allclose(added[name], RATE * expected, atol=2e-6, err_msg=name)


def test_the_state_of_one_phase_is_named_in_short():
    assert Phase(steps=1, target_state="clamped") == Phase(steps=1, target_state={"clamped": 1.0})


@pytest.mark.parametrize("name", ["later", "nowhere"])
def test_a_state_to_be_learned_is_of_an_earlier_phase(name):
    with pytest.raises(
        ValueError, match=rf"first\.target_state: got {name}, expected phases among"
    ):
        Phases(first=Phase(steps=1, target_state=name), later=Phase(steps=1))
