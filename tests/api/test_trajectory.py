"""States after every step. Oracles: the states of `states`, the phases of training, counting."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import darnax
from darnax.data.labels import encode_targets
from darnax.errors import RequestError
from darnax.schedule import run_phases


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> darnax.Run:
    """A chain of two layers."""
    place = tmp_path_factory.mktemp("outputs")
    words = ["+experiment=digits_smoke", "model.depth=2", "runner.epochs=1", "tracking=local"]
    return darnax.train(*words, f"paths.outputs={place}", progress=False)


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1)).astype(np.uint8)


def test_inference_ends_with_the_states_of_the_network(run: darnax.Run, x: np.ndarray) -> None:
    found = run.trajectory(x)
    steps = run.phases.infer["recall"].steps
    assert found.phases == ("recall",) * steps
    for name, states in run.states(x).items():
        assert len(found.states[name]) == steps + 1
        if name != "output":
            np.testing.assert_array_equal(found.states[name][-1], states)
    assert not np.any(found.states["hidden1"][0])
    np.testing.assert_allclose(found.scores[-1], run.predict(x), rtol=1e-5)


def test_the_phases_of_training_take_targets(run: darnax.Run, x: np.ndarray) -> None:
    targets = np.arange(5)
    found = run.trajectory(x, targets)
    data, model = run.model.experiment.data, run.model
    y = encode_targets(data.labels, data.classes, data.encode, x, jnp.asarray(targets))
    state = model.state.init(data.encode(jnp.asarray(x)), y)
    ends = dict(run_phases(model.network, state, model.phases.train, jax.random.key(0)))
    last = 0
    for name, phase in model.phases.train.items():
        last += phase.steps
        assert found.phases[last - 1] == name
        for position, buffer in model.buffers.items():
            np.testing.assert_array_equal(found.states[buffer][last], ends[name].state[position])
    assert len(found.phases) == last


def test_flips_are_counted(run: darnax.Run, x: np.ndarray) -> None:
    found = run.trajectory(x)
    states = found.states["hidden2"]
    expected = [np.mean(after != before) for before, after in itertools.pairwise(states)]
    np.testing.assert_allclose(found.flips["hidden2"], expected, rtol=1e-6)
    assert found.flips["hidden2"][0] == 1.0
    assert "recall" in repr(found)


def test_a_later_phase_that_starts_blank_changes_every_unit_in_its_first_step(
    run: darnax.Run, x: np.ndarray
) -> None:
    found = run.trajectory(x, np.arange(5))
    first = found.phases.index("recall")
    assert first > 0
    flips = run.analyse(only=["relaxation"])["relaxation"]
    for name in ("hidden1", "hidden2"):
        assert found.flips[name][first] == 1.0
        (analysed,) = [
            row[-1] for row in flips.rows if row[:4] == ("training", name, "recall", first + 1)
        ]
        assert analysed == 1.0
        assert (found.flips[name][1:first] < 0.5).all()


def test_margins_are_those_of_the_fields(run: darnax.Run, x: np.ndarray) -> None:
    """The sign of the field in a state is the next state; the field is the naive sum."""
    found = run.trajectory(x)
    fields, states = found.fields["hidden1"], found.states["hidden1"]
    np.testing.assert_array_equal(np.where(fields[:-1] >= 0, 1, -1), states[1:])
    np.testing.assert_allclose(found.margins["hidden1"], fields * states)
    layer, w_in = (run.network.layer_map[name] for name in ("hidden1", "w_in"))
    encoded = run.model.experiment.data.encode.clean(jnp.asarray(x))
    message = layer(jnp.asarray(states[2])) + w_in(encoded)
    np.testing.assert_allclose(fields[2], message, atol=1e-4)


@pytest.mark.parametrize(
    ("count", "targets", "message"),
    [
        (0, None, "x: got no inputs"),
        (5, [1, 2], r"targets: got \[2\], expected one for each of 5 inputs"),
        (5, 3, r"targets: got \[\], expected one for each of 5 inputs"),
    ],
)
def test_bad_arguments_are_refused(
    run: darnax.Run, x: np.ndarray, count: int, targets: object, message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        run.trajectory(x[:count], targets)
