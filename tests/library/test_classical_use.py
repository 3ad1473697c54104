"""Basic use of the library: a network learns a few associations. Oracle: the stored patterns."""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from darnax.layer_map import LayerMap
from darnax.learning import evaluate_step, init_optimizer, train_step
from darnax.modules import FullyConnected, OutputLayer, RecurrentDiscrete
from darnax.orchestrators import SequentialOrchestrator
from darnax.phases import Phase, Phases
from darnax.rules import SoftmaxDelta
from darnax.states import SequentialState


def test_a_network_learns_thirty_associations():
    k = jax.random.split(jax.random.key(0), 6)
    hidden = {
        0: FullyConnected(50, 200, strength=2.0, threshold=1.0, key=k[0]),
        1: RecurrentDiscrete(200, j_d=0.5, threshold=1.0, key=k[1]),
        2: FullyConnected(10, 200, rule=None, key=k[2]),
    }
    output = {1: FullyConnected(200, 10, rule=SoftmaxDelta(), key=k[3]), 2: OutputLayer()}
    network = SequentialOrchestrator(LayerMap.from_dict({1: hidden, 2: output}))

    recall = Phase(start="blank", messages="forward", steps=5, learn=("1_to_2",))
    phases = Phases(
        clamped=Phase(messages="all", steps=5),
        free=Phase(messages="forward", steps=5, learn=("0_to_1", "layer_1")),
        recall=recall,
    )

    state = SequentialState(sizes=[(50,), (200,), (10,)])
    x = jnp.sign(jax.random.normal(k[4], (30, 50)))
    labels = jnp.arange(30) % 10
    y = 2 * jax.nn.one_hot(labels, 10, dtype=jnp.float32) - 1

    optimizer = optax.sgd(0.1)
    opt_state = init_optimizer(network, optimizer, phases)
    step = eqx.filter_jit(train_step)
    for key in jax.random.split(k[5], 30):
        network, opt_state, *_ = step(network, optimizer, opt_state, state, phases, x, y, key)

    scores = eqx.filter_jit(evaluate_step)(network, state, {"recall": recall}, x, k[5])
    assert jnp.array_equal(jnp.argmax(scores, axis=1), labels)
