"""Phases as arguments of compiled functions. Oracle: the number of traces, and uncompiled steps."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from networks import chain, sample

from darnax.learning import init_optimizer, train_step
from darnax.orchestrators import SequentialOrchestrator
from darnax.phases import Factors, Phase, Phases
from darnax.states import SequentialState

KEY = jax.random.key(17)
SGD = optax.sgd(0.3)


def phases(nudge=0.5, factor=-1.0, steps=1, names=("towards", "away")):
    """Return phases whose names are not in alphabetical order, with two gains and a factor."""
    towards, away = names
    return Phases(
        {
            towards: Phase(steps=steps, messages={"w_back": nudge, "*": 1.0}, learn=("w_in",)),
            away: Phase(steps=1, start=towards, learn={"w_in": factor, "w_out": 1.0}),
        }
    )


def arrays(made):
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), made)


def test_the_leaves_are_gains_and_factors_in_the_order_of_the_phases():
    assert jax.tree.leaves(phases(0.25, -3.0)) == [0.25, 1.0, -3.0, 1.0]
    assert not jax.tree.leaves(Phases(a=Phase(steps=1, messages=("w_in",), learn=("w_in",))))


def test_unflattening_restores_every_phase():
    made = phases()
    leaves, structure = jax.tree.flatten(made)
    again = jax.tree.unflatten(structure, leaves)
    assert again == made
    assert hash(again) == hash(made)
    assert list(again) == ["towards", "away"]
    doubled = jax.tree.map(lambda leaf: 2 * leaf, made)
    assert dict(doubled["towards"].messages) == {"w_back": 1.0, "*": 2.0}
    assert doubled["away"].factor("w_in") == -2.0
    assert doubled["towards"].learn == ("w_in",)


def test_leaves_may_be_anything_that_jax_puts_in_their_place():
    made = jax.tree.map(lambda _: None, phases())
    assert made["towards"].messages.find("w_back") is None
    assert jax.tree.structure(jax.tree.map(lambda _: object(), phases())).num_leaves == 4
    axes = jax.tree.map(lambda _: 0, phases())
    assert axes["away"].learn.numbers == (0, 0)


def test_the_structure_tells_everything_else_apart():
    same = jax.tree.structure(phases())
    assert jax.tree.structure(phases(2.0, 7.0)) == same
    others = [phases(steps=2), phases(names=("away", "towards")), phases(names=("a", "b"))]
    for other in others:
        assert jax.tree.structure(other) != same


def test_factors_are_mappings_of_their_globs():
    factors = Factors.of({"w_*": 2, "w_in": 3})
    assert dict(factors) == {"w_*": 2, "w_in": 3}
    assert (factors.find("w_in"), factors.find("hidden1"), len(factors)) == (3, None, 2)
    assert str(factors) == "w_*: 2, w_in: 3"
    assert factors == Factors.of({"w_*": 2.0, "w_in": 3})
    assert factors != Factors.of({"w_in": 3, "w_*": 2})


TRACES = []


@jax.jit
def stepped(phases, x, y):
    TRACES.append(list(phases))
    layer_map, sizes = chain()
    network = SequentialOrchestrator(layer_map)
    opt_state = init_optimizer(network, SGD, phases)
    state = SequentialState(sizes)
    learnt = train_step(network, SGD, opt_state, state, phases, x, y, KEY, score="towards")
    return learnt.network.layer_map["w_in"].W, learnt.scores


def test_phases_that_differ_in_numbers_share_one_trace_and_keep_their_order():
    """Oracle: the uncompiled step with numbers of Python."""
    x, y = sample(chain()[1])
    TRACES.clear()
    several = [phases(), phases(0.0), phases(-2.0, 3.0)]
    for made in several:
        found = stepped(arrays(made), x, y)
        with jax.disable_jit():
            expected = stepped(made, x, y)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)
    compiled = TRACES[:1]
    assert stepped._cache_size() == 1
    assert compiled == [["towards", "away"]]
    stepped(arrays(phases(steps=2)), x, y)
    assert stepped._cache_size() == 2


def test_a_mapped_axis_of_gains_is_one_step_for_each():
    """Oracle: each gain alone."""
    x, y = sample(chain()[1])
    several = [phases(nudge) for nudge in (0.5, -1.0, 4.0)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack([*map(jnp.float32, leaves)]), *several)
    found = jax.vmap(stepped, in_axes=(0, None, None))(stacked, x, y)
    for at, made in enumerate(several):
        for one, other in zip(found, stepped(arrays(made), x, y), strict=True):
            np.testing.assert_allclose(one[at], other, atol=1e-5)
    assert not np.array_equal(found[0][0], found[0][1])


@pytest.mark.parametrize("nudge", [0.0, 0.5])
def test_the_optimizer_state_does_not_depend_on_gains(nudge):
    network = SequentialOrchestrator(chain()[0])
    shapes = eqx.filter_eval_shape(init_optimizer, network, optax.adam(0.1), phases(nudge))
    expected = eqx.filter_eval_shape(init_optimizer, network, optax.adam(0.1), phases())
    assert jax.tree.structure(shapes) == jax.tree.structure(expected)
