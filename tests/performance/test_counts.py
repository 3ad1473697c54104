"""Costs of a step, counted in the compiled program, hence independent of machine load."""

import re

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
import pytest

from darnax.layer_map import LayerMap
from darnax.learning import init_optimizer, train_step
from darnax.modules import (
    BinaryUnits,
    Convolution,
    FullyConnected,
    OutputLayer,
    RecurrentConvolution,
    RecurrentDiscrete,
)
from darnax.observables.step import overlap, overlaps
from darnax.orchestrators import SequentialOrchestrator
from darnax.phases import Phase, Phases
from darnax.states import SequentialState

pytestmark = pytest.mark.usefixtures("optimized")
BATCH, PIXELS, CLASSES = 64, 784, 10
IMAGE, SMALL = (8, 8, 1), (4, 4, 3)
OPTIMIZER = optax.sgd(0.1)
PHASES = Phases(
    warmup=Phase(steps=1, messages="forward"),
    clamped=Phase(steps=5),
    free=Phase(steps=5, messages="forward", learn=("*",)),
)


def network(units, key, sparsity=None, j_d=0.9, margin=1.0):
    keys = jax.random.split(key, 4)
    first = {
        0: FullyConnected(PIXELS, units, 5.0, margin, sparsity=sparsity, key=keys[0]),
        1: RecurrentDiscrete(units, j_d, margin, sparsity=sparsity, key=keys[1]),
        2: FullyConnected(CLASSES, units, rule=None, key=keys[2]),
    }
    readout = {1: FullyConnected(units, CLASSES, threshold=7.0, key=keys[3]), 2: OutputLayer()}
    return SequentialOrchestrator(LayerMap.from_dict({1: first, 2: readout}))


def state(units):
    return SequentialState([(PIXELS,), (units,), (CLASSES,)])


def step(net, x, y):
    opt_state = init_optimizer(net, OPTIMIZER, PHASES)
    learnt = train_step(
        net,
        OPTIMIZER,
        opt_state,
        state(net.layer_map[1, 1].J.shape[1]),
        PHASES,
        x,
        y,
        jax.random.key(0),
    )
    return learnt.network, learnt.metrics


def compiled(units, **choices):
    """Return the compiled training step of a network that is known by its shapes only."""
    net = eqx.filter_eval_shape(lambda key: network(units, key, **choices), jax.random.key(0))
    arrays, structure = eqx.partition(net, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))
    shapes = (jax.ShapeDtypeStruct((BATCH, n), jnp.float32) for n in (PIXELS, CLASSES))
    arrayed = jax.jit(
        lambda arrays, x, y: eqx.filter(step(eqx.combine(arrays, structure), x, y), eqx.is_array)
    )
    return arrayed.lower(arrays, *shapes).compile()


def loops(text):
    """Return the carried types of every loop of a compiled program."""
    return re.findall(r"= (\(.*?\)) while\(", text)


def test_products_of_a_dense_step():
    """Closed form: W_in, W_back, W_out once; J in three loops and the final field; 3 updates.

    The compiler counts the body of a loop once.
    """
    units = 300
    products = PIXELS * units + CLASSES * units + 4 * units**2 + units * CLASSES
    products += PIXELS * units + units**2 + units * CLASSES
    counted = compiled(units).cost_analysis()["flops"] / (2 * BATCH)
    assert products < counted < 1.1 * products


def test_no_random_key_is_created_unless_a_module_uses_it():
    assert not any("u32[2]" in carried for carried in loops(compiled(60, sparsity=0.9).as_text()))


def every_kind(key):
    """Return a network with dense, sparse, convolutional and transposed products."""
    keys = jax.random.split(key, 6)
    rows = {
        1: {
            0: Convolution(IMAGE, SMALL, stride=2, key=keys[0]),
            1: RecurrentConvolution(SMALL, 0.9, key=keys[1]),
        },
        2: {
            1: Convolution(SMALL, IMAGE, stride=2, transposed=True, key=keys[2]),
            2: RecurrentDiscrete(IMAGE, 0.9, key=keys[3]),
        },
        3: {
            2: FullyConnected(IMAGE, 30, sparsity=0.5, key=keys[4]),
            3: RecurrentDiscrete(30, 0.9, sparsity=0.5, key=keys[5]),
        },
        4: {3: FullyConnected(30, CLASSES, key=keys[0]), 4: OutputLayer()},
    }
    return SequentialOrchestrator(LayerMap.from_dict(rows))


def test_every_product_has_full_precision():
    """By default, accelerators round factors; a CPU does not, hence the lowered program is read."""
    net = eqx.filter_eval_shape(every_kind, jax.random.key(0))
    arrays, structure = eqx.partition(net, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))
    start = SequentialState([IMAGE, SMALL, IMAGE, (30,), (CLASSES,)])

    def learn(arrays, x, y):
        net = eqx.combine(arrays, structure)
        learnt = train_step(
            net,
            OPTIMIZER,
            init_optimizer(net, OPTIMIZER, PHASES),
            start,
            PHASES,
            x,
            y,
            jax.random.key(0),
        )
        return eqx.filter(learnt, eqx.is_array)

    shapes = (jax.ShapeDtypeStruct((BATCH, *size), jnp.float32) for size in (IMAGE, (CLASSES,)))
    lines = jax.jit(learn).lower(arrays, *shapes).as_text().splitlines()
    products = [
        line for line in lines if "stablehlo.dot" in line or "stablehlo.convolution" in line
    ]
    assert len(products) > 7  # one for the update of each weight, and the messages
    assert [line for line in products if line.count("HIGHEST") != 2] == []


def test_overlaps_of_units_of_plus_and_minus_one_are_cosines_without_lengths():
    """Lengths, all alike, took 15 % of a step of 2000 sparse units. Oracle: the cosine."""
    rows = {1: {1: RecurrentConvolution(SMALL, 0.9, key=jax.random.key(0))}}
    rows |= {2: {2: RecurrentDiscrete(30, 0.9, key=jax.random.key(1))}, 3: {3: BinaryUnits(7)}}
    net = SequentialOrchestrator(LayerMap.from_dict(rows | {4: {4: OutputLayer()}}))
    sizes = [(1,), SMALL, (30,), (7,), (1,)]
    states = []
    for key in jax.random.split(jax.random.key(2)):
        drawn = [jax.random.rademacher(key, (BATCH, *size), jnp.float32) for size in sizes]
        states.append(SequentialState(sizes).init(drawn[0]).replace(drawn))

    def measure(before, after):
        return overlaps(net, {"before": before, "after": after})

    assert "sqrt" not in str(jax.make_jaxpr(measure)(*states))
    expected = [float(overlap(states[0][i], states[1][i])) for i in (1, 2, 3)]
    assert list(map(float, measure(*states).values())) == pytest.approx(expected)


def test_memory_is_proportional_to_the_number_of_synapses():
    """20,000 units at 1 % hold 4 million synapses: dense, J alone would take 1600 MB."""
    memory = compiled(20_000, sparsity=0.99).memory_analysis()
    peak = memory.temp_size_in_bytes + memory.argument_size_in_bytes + memory.output_size_in_bytes
    assert peak < 200e6


def test_numbers_of_a_sweep_are_traced():
    """Margins and self-couplings are leaves: other values run the same program."""
    jitted = eqx.filter_jit(step)
    x, y = jnp.ones((BATCH, PIXELS)), jnp.ones((BATCH, CLASSES))
    jitted(network(20, jax.random.key(0)), x, y)
    compilations = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda name, _, **__: compilations.append(name) if "backend_compile" in name else None
    )
    other = network(20, jax.random.key(1), j_d=0.3, margin=2.0)
    compilations.clear()
    jax.block_until_ready(jitted(other, x, y))
    assert not compilations
