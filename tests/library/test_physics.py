"""Number of fixed points of random networks, and convergence to them. Oracle: theory."""

from functools import partial
from math import erf, sqrt

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.layer_map import LayerMap
from darnax.modules import Ferromagnetic, OutputLayer, RecurrentDiscrete
from darnax.orchestrators import (
    AsynchronousOrchestrator,
    ParallelOrchestrator,
    SequentialOrchestrator,
)
from darnax.phases import Phase
from darnax.relaxation import relax
from darnax.states import SequentialState


def alone(units, j_d, key, order=ParallelOrchestrator):
    """Return a network of one recurrent layer without input."""
    return order(
        LayerMap.from_dict({1: {1: RecurrentDiscrete(units, j_d, key=key)}, 2: {2: OutputLayer()}})
    )


UNITS = 14
HALF = (
    1 - 2 * np.indices((2,) * UNITS, np.float32).reshape(UNITS, -1).T[: 2 ** (UNITS - 1)]
)  # with s, −s is stable too


@jax.jit
def counted(keys, j_d):
    """Return the number of stable states of the network of each key."""

    def count(key):
        layer, half = RecurrentDiscrete(UNITS, j_d, key=key), jnp.asarray(HALF)
        return 2 * jnp.sum(jnp.all(layer.activation(layer(half)) == half, axis=1))

    return jax.lax.map(count, keys)


@pytest.mark.parametrize("j_d", [0.25, 0.5])
def test_the_number_of_fixed_points_is_the_annealed_average(j_d):
    """A state is stable with probability Φ(J_D/σ)^N, σ² = (N−1)/N; so the mean is (2Φ(J_D/σ))^N."""
    draws = 200
    counts = np.asarray(counted(jax.random.split(jax.random.key(23), draws), j_d))
    sigma = sqrt((UNITS - 1) / UNITS)
    expected = (1 + erf(j_d / sigma / sqrt(2))) ** UNITS
    assert abs(counts.mean() - expected) < 4 * counts.std() / sqrt(draws)


@partial(jax.jit, static_argnames="order")
def settled(key, j_d, order):
    """Return whether a large network converges to a fixed point from a random state."""
    units, steps = 1000, 500 if order is ParallelOrchestrator else 150
    weights, start = jax.random.split(key)
    begin = SequentialState([(1,), (units,), (1,)]).replace_val(
        1, jnp.sign(jax.random.normal(start, (1, units)))
    )
    phase = Phase(until="fixed_point", max_steps=steps)
    return relax(alone(units, j_d, weights, order), begin, key, phase)[2].converged


@pytest.mark.parametrize(
    ("order", "j_d", "converges"),
    [
        (ParallelOrchestrator, 0.6, False),
        (ParallelOrchestrator, 0.8, True),
        pytest.param(ParallelOrchestrator, 1.0, True, marks=pytest.mark.slow),
        (AsynchronousOrchestrator, 0.4, False),
        (AsynchronousOrchestrator, 0.8, True),
    ],
)
def test_a_large_network_converges_only_above_a_critical_self_coupling(order, j_d, converges):
    cases = [float(settled(key, j_d, order)) for key in jax.random.split(jax.random.key(29), 5)]
    assert cases == [float(converges)] * 5


@pytest.mark.parametrize(
    ("order", "strength", "converges"),
    [
        (SequentialOrchestrator, 1.0, False),
        (SequentialOrchestrator, 3.0, True),
        (ParallelOrchestrator, 3.0, False),
    ],
)
def test_coupled_layers_converge_without_self_coupling(order, strength, converges):
    """With synchronous updates, each layer takes the previous state of the other, forever."""
    units = 1000

    @jax.jit
    def settled(key):
        k = jax.random.split(key, 4)
        hold = Ferromagnetic(units, strength)
        first, second = ({i: RecurrentDiscrete(units, 0.0, key=k[i]), 3 - i: hold} for i in (1, 2))
        network = order(LayerMap.from_dict({1: first, 2: second, 3: {3: OutputLayer()}}))
        begin = SequentialState([(1,), (units,), (units,), (1,)])
        for i in (1, 2):
            begin = begin.replace_val(
                i, jnp.sign(jax.random.normal(jax.random.fold_in(k[0], i), (1, units)))
            )
        return relax(network, begin, k[3], Phase(until="fixed_point", max_steps=100))[2].converged

    cases = [float(settled(key)) for key in jax.random.split(jax.random.key(31), 5)]
    assert cases == [float(converges)] * 5
