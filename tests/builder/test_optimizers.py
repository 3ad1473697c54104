"""Optimisers. Oracle: Optax used directly."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from chain import ABSENT, changed

from darnax.builder import build
from darnax.learning import init_optimizer, train_step, trainable_mask

EAGER = {  # one layer, of which every unit learns in every step
    "model.depth": ABSENT,
    "model.buffers.hidden.repeat": 1,
    "model.adapters.w_in.threshold": 100.0,
    "model.layers.hidden.threshold": 100.0,
}


def started(changes, steps_per_epoch=7):
    experiment = build(changed(EAGER | changes))
    network = experiment.make_network(jax.random.key(0))
    optimizer = experiment.make_optimizer(network, steps_per_epoch)
    return experiment, network, optimizer, init_optimizer(network, optimizer, experiment.train)


def batch(experiment):
    x = jax.random.normal(jax.random.key(1), (5, 6))
    return x, experiment.data.labels.encode(jnp.arange(5) % 4, 4)


def moved(changes, steps_per_epoch=7, steps=1):
    """Return the modules before and after some steps, by name."""
    experiment, network, optimizer, opt_state = started(changes, steps_per_epoch)
    x, y = batch(experiment)
    after = network
    step = eqx.filter_jit(train_step)
    for _ in range(steps):
        after, opt_state, *_ = step(
            after, optimizer, opt_state, experiment.state, experiment.train, x, y, jax.random.key(2)
        )
    pairs = zip(network.layer_map.modules, after.layer_map.modules, strict=True)
    return experiment, network, after, dict(zip(network.layer_map.names, pairs, strict=True))


def test_groups_are_by_name_and_the_rest_is_by_default():
    """The step is proportional to the rate: doubling one group's rate doubles only its steps."""
    first = moved({})[-1]
    second = moved({"optimizer.groups.hidden*": {"_target_": "optax.sgd", "learning_rate": 0.4}})[
        -1
    ]
    for name, weight, ratio in (("hidden1", "J", 2.0), ("w_in", "W", 1.0)):
        one, two = (
            (getattr(new, weight) - getattr(old, weight))
            for old, new in (first[name], second[name])
        )
        assert float(jnp.abs(one).max()) > 0
        np.testing.assert_allclose(two, ratio * one, rtol=1e-4, atol=1e-6)


def test_a_repeated_name_refers_to_all_its_modules():
    """`hidden` refers to hidden1, hidden2, …; the optimiser is that of `hidden*`."""
    node = {"_target_": "optax.sgd", "learning_rate": 0.4}
    depth = {"model.depth": 2, "model.buffers.hidden.repeat": 2}
    by_glob, by_name = (
        moved({**depth, "optimizer.groups": {key: node}})[2] for key in ("hidden*", "hidden")
    )
    assert eqx.tree_equal(by_glob, by_name)
    experiment = build(changed({"dynamics.train.free.learn": ["w_in", "hidden", "up"]}))
    assert experiment.train["free"].learn == ("w_in", "hidden[0-9]*", "up[0-9]*")


def test_several_transformations_are_chained_in_order():
    """Weight decay first, then the rate: W ← W − rate (update + decay W)."""
    decay = {"_target_": "optax.add_decayed_weights", "weight_decay": 0.5}
    chain = {"shrink": decay, "descend": {"_target_": "optax.sgd", "learning_rate": 0.1}}
    (_, plain), (before, shrunk) = (
        moved({})[-1]["w_in"],
        moved({"optimizer.default": chain})[-1]["w_in"],
    )
    np.testing.assert_allclose(shrunk.W, plain.W - 0.1 * 0.5 * before.W, rtol=1e-5, atol=1e-6)


def test_epochs_count_steps():
    """A rate that decays to zero in 2 epochs of 3 steps. Oracle: Optax's schedule with 6 steps."""
    falling = {
        "_target_": "optax.linear_schedule",
        "init_value": 1.0,
        "end_value": 0.0,
        "transition_steps": "2 epochs",
    }
    changes = {
        "optimizer.default": {"_target_": "optax.sgd", "learning_rate": falling},
        "optimizer.groups": {},
    }
    experiment, network, optimizer, opt_state = started(changes, steps_per_epoch=3)
    expected = optax.linear_schedule(1.0, 0.0, 6)
    parameters = eqx.filter(network, trainable_mask(network, experiment.train))
    ones = jax.tree.map(jnp.ones_like, parameters)
    for step in range(8):
        updates, opt_state = optimizer.update(ones, opt_state, parameters)
        assert float(jax.tree.leaves(updates)[0].ravel()[0]) == pytest.approx(
            -float(expected(step)), abs=1e-6
        )


def test_a_part_of_an_epoch_is_at_least_a_step():
    """In Optax, a warm-up of zero steps keeps the initial value forever."""
    rising = {
        "_target_": "optax.linear_schedule",
        "init_value": 0.0,
        "end_value": 1.0,
        "transition_steps": "0.1 epochs",
    }
    changes = {
        "optimizer.default": {"_target_": "optax.sgd", "learning_rate": rising},
        "optimizer.groups": {},
    }
    _, network, optimizer, opt_state = started(changes, steps_per_epoch=3)
    _, opt_state = optimizer.update(network, opt_state, network)
    _, opt_state = optimizer.update(network, opt_state, network)
    assert float(opt_state.inner_states[""].inner_state.hyperparams["learning_rate"]) == 1.0


CONSTANT = {"_target_": "optax.constant_schedule"}
SCHEDULES = {
    "keys": {
        "_target_": "optax.piecewise_constant_schedule",
        "init_value": 1.0,
        "boundaries_and_scales": {"1.5 epochs": 0.5},
    },
    "lists": {
        "_target_": "optax.join_schedules",
        "schedules": [CONSTANT | {"value": 1.0}, CONSTANT | {"value": 0.5}],
        "boundaries": ["1.5 epochs"],
    },
}


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_epochs_may_stand_in_keys_and_lists_and_be_fractions(schedule):
    changes = {
        "optimizer.default": {"_target_": "optax.sgd", "learning_rate": schedule},
        "optimizer.groups": {},
    }
    experiment, network, optimizer, opt_state = started(changes, steps_per_epoch=4)
    expected = optax.join_schedules(
        [optax.constant_schedule(1.0), optax.constant_schedule(0.5)], [6]
    )
    parameters = eqx.filter(network, trainable_mask(network, experiment.train))
    for step in range(9):
        _, opt_state = optimizer.update(parameters, opt_state, parameters)
        rate = opt_state.inner_states[""].inner_state.hyperparams["learning_rate"]
        assert float(rate) == float(expected(step))


def test_a_rate_in_the_state_changes_the_step_without_a_new_trace():
    experiment, network, optimizer, opt_state = started({})
    x, y = batch(experiment)
    traces = []

    @eqx.filter_jit
    def step(opt_state):
        traces.append(1)
        learnt = train_step(
            network,
            optimizer,
            opt_state,
            experiment.state,
            experiment.train,
            x,
            y,
            jax.random.key(2),
        )
        return learnt.network

    def rate(state):
        return state.inner_states[""].inner_state.hyperparams["learning_rate"]

    assert float(rate(opt_state)) == pytest.approx(0.1)
    tripled = eqx.tree_at(rate, opt_state, rate(opt_state) * 3)
    index = network.layer_map.names.index("w_in")
    before, once, thrice = (
        n.layer_map.modules[index].W for n in (network, step(opt_state), step(tripled))
    )
    np.testing.assert_allclose(thrice - before, 3 * (once - before), rtol=1e-3, atol=1e-6)
    assert len(traces) == 1


def test_two_rates_compile_to_one_step():
    """Two rates differ only in arrays of the state: no rate is a compiled constant."""
    shapes = []
    for value in (0.1, 0.7):
        experiment, network, optimizer, opt_state = started(
            {"optimizer.default.learning_rate": value}
        )
        parameters = eqx.filter(network, trainable_mask(network, experiment.train))
        shapes.append(str(jax.make_jaxpr(optimizer.update)(parameters, opt_state, parameters)))
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    "node",
    [
        {"_target_": "optax.adamw", "learning_rate": 0.1, "weight_decay": 0.5},
        pytest.param(
            {"_target_": "optax.sgd", "learning_rate": 1, "momentum": 0.9}, marks=pytest.mark.slow
        ),
        pytest.param({"_target_": "optax.lion", "learning_rate": 0.1}, marks=pytest.mark.slow),
        {
            "noise": {"_target_": "optax.add_noise", "eta": 0.1, "gamma": 0.5, "key": 0},
            "go": {"_target_": "optax.sgd", "learning_rate": 0.1},
        },
        {
            "_target_": "optax.apply_if_finite",
            "inner": {"_target_": "optax.adam", "learning_rate": 0.1},
            "max_consecutive_errors": 2,
        },
    ],
    ids=["adamw", "momentum", "lion", "noise", "wrapper"],
)
def test_frozen_parameters_stay_bit_identical_under_any_optimiser(node):
    experiment, before, after, modules = moved(
        {"optimizer.default": node, "optimizer.groups": {}}, steps=2
    )
    mask = trainable_mask(before, experiment.train)
    still = jax.tree.map(
        lambda moves, old, new: moves or bool(jnp.array_equal(old, new)), mask, before, after
    )
    assert all(jax.tree.leaves(still))
    for name, weight in (("w_in", "W"), ("hidden1", "J"), ("w_out", "W")):
        old, new = modules[name]
        assert not jnp.array_equal(getattr(old, weight), getattr(new, weight)), name


def test_the_optimiser_can_be_made_from_shapes_alone():
    experiment, _, _, opt_state = started(
        {"optimizer.default": {"_target_": "optax.adam", "learning_rate": 0.1}}
    )
    shapes = eqx.filter_eval_shape(experiment.make_network, jax.random.key(0))
    abstract = experiment.make_optimizer(shapes, 7)
    made = eqx.filter_eval_shape(lambda n: init_optimizer(n, abstract, experiment.train), shapes)
    assert jax.tree.structure(made) == jax.tree.structure(opt_state)
