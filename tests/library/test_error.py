"""Error units and learned error feedback. Oracle: numpy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.layer_map import LayerMap
from darnax.learning import local_updates
from darnax.modules import ErrorUnits, Ferromagnetic, FullyConnected, OutputLayer, RecurrentDiscrete
from darnax.orchestrators import SequentialOrchestrator
from darnax.phases import Phase, Phases
from darnax.rules import Delta, Hebbian
from darnax.schedule import run_phases
from darnax.states.sequential import SequentialState

UNITS, CLASSES, BATCH = 12, 3, 4


def error_network() -> SequentialOrchestrator:
    keys = iter(jax.random.split(jax.random.key(3), 5))
    layer_map = LayerMap.from_dict(
        {
            1: {
                0: FullyConnected(5, UNITS, 2.0, key=next(keys)),
                1: RecurrentDiscrete(UNITS, 0.0, rule=None, key=next(keys)),
                2: FullyConnected(CLASSES, UNITS, 3.0, rule=Hebbian(), key=next(keys)),
            },
            2: {
                1: FullyConnected(UNITS, CLASSES, rule=Hebbian(), key=next(keys)),
                2: ErrorUnits(),
                3: Ferromagnetic(CLASSES),
            },
            3: {1: FullyConnected(UNITS, CLASSES, key=next(keys)), 3: OutputLayer()},
        }
    )
    return SequentialOrchestrator(layer_map)


def one_of_many(rng: np.random.Generator, batch: int) -> np.ndarray:
    return 2 * np.eye(CLASSES, dtype=np.float32)[rng.integers(CLASSES, size=batch)] - 1


def error_of(scores: np.ndarray, answer: np.ndarray) -> np.ndarray:
    return np.asarray(
        ErrorUnits().reduce(
            [jnp.array(part, jnp.float32) for part in (scores, np.zeros_like(answer), answer)]
        )
    )


def test_the_error_is_the_signal_of_the_rule() -> None:
    rng = np.random.default_rng(5)
    scores = jnp.array(rng.normal(size=(BATCH, CLASSES)), jnp.float32)
    answer = jnp.array(np.sign(rng.normal(size=(BATCH, CLASSES))), jnp.float32)
    own = jnp.zeros_like(scores)
    powers = np.exp(scores)
    error = (answer + 1) / 2 - powers / powers.sum(axis=1, keepdims=True)
    assert np.allclose(ErrorUnits().reduce([scores, own, answer]), error, atol=1e-6)
    assert np.allclose(ErrorUnits(Delta()).reduce([scores, own, answer]), answer - scores)
    parts = [0.25 * scores, 0.75 * scores]
    assert np.allclose(ErrorUnits(senders=2).reduce([*parts, own, answer]), error, atol=1e-6)
    assert not ErrorUnits(senders=2).reduce([*parts, own]).any()


def test_the_error_is_zero_while_no_label_is_clamped() -> None:
    scores = jnp.ones((BATCH, CLASSES))
    assert not ErrorUnits().reduce([scores, jnp.zeros_like(scores)]).any()


def test_error_units_have_no_plastic_parameters_and_no_self_message() -> None:
    units, state = ErrorUnits(), jnp.ones((BATCH, CLASSES))
    assert not units(state).any()
    assert not any(jax.tree.leaves(units.plastic()))


def test_scores_that_a_phase_does_not_send_are_zero() -> None:
    """The label is not taken for the scores: e = 1[y > 0] − softmax(0), or 0 without a label."""
    key = jax.random.key(0)
    rows = {
        1: {0: FullyConnected(3, 2, key=key), 1: ErrorUnits(), 2: Ferromagnetic(2)},
        2: {0: FullyConnected(3, 2, key=key), 2: OutputLayer()},
    }
    network = SequentialOrchestrator(LayerMap.from_dict(rows, {(1, 2): "tell", (1, 0): "guess"}))
    label = jnp.array([[1.0, -1.0]])
    state = SequentialState([3, 2, 2]).init(jnp.ones((1, 3)), label)
    assert network.field(1, state, key, ("tell",)).tolist() == [[0.5, -0.5]]
    assert network.field(1, state, key, ("guess",)).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("senders", "messages", "message"),
    [
        (1, 4, "got messages from 3 buffers, expected scores from 1 buffer and the answer from"),
        (2, 2, "got messages from 1 buffer, expected scores from 2 buffers and the answer from"),
    ],
)
def test_another_number_of_senders_is_refused(senders, messages, message) -> None:
    with pytest.raises(ValueError, match=message):
        ErrorUnits(senders=senders).reduce([jnp.ones((1, 2))] * messages)
    with pytest.raises(ValueError, match="senders: got 0, expected a positive integer"):
        ErrorUnits(senders=0)


def test_feedback_learns_the_transpose_of_what_the_scores_learn() -> None:
    # ΔW of both is x ⊗ e over √(B·fan_in), so one is the transpose of the other, times
    # √(units/classes).
    network = error_network()
    rng = np.random.default_rng(6)
    x = jnp.array(rng.normal(size=(BATCH, 5)), jnp.float32)
    y = jnp.array(one_of_many(rng, BATCH))
    phases = Phases(
        recall=Phase(steps=2, messages="forward"),
        error=Phase(steps=1, learn=("1_to_2", "2_to_1")),
    )
    state = SequentialState([(5,), (UNITS,), (CLASSES,), (CLASSES,)]).init(x, y)

    @eqx.filter_jit
    def learn(network, state):
        ends = dict(run_phases(network, state, phases, jax.random.key(0)))
        return local_updates(network, phases, ends)[0].layer_map

    made = learn(network, state)
    assert np.abs(made[2, 1].W).max() > 0.01
    assert np.allclose(made[1, 2].W.T, made[2, 1].W * np.sqrt(UNITS / CLASSES), atol=1e-5)


def test_feedback_of_the_error_lowers_the_error() -> None:
    # With the transpose of the readout's weights as feedback, and no coupling against it, the next
    # scores are better.
    network = error_network()
    guess = np.asarray(network.layer_map[2, 1].W)
    rng = np.random.default_rng(7)
    states = np.sign(rng.normal(size=(100, UNITS))).astype(np.float32)
    y = one_of_many(rng, 100)
    error = error_of(states @ guess, y)
    flipped = np.where(rng.random(states.shape) < 0.3, np.sign(error @ guess.T), states)
    after = error_of(flipped @ guess, y)
    assert np.abs(after).mean() < 0.8 * np.abs(error).mean()
