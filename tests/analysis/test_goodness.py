"""Readout by goodness. Oracles: the network in numpy, class by class; the task's chance level."""

from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import darnax
from darnax.activations import Linear, ReLU, UnitNorm
from darnax.analysis.goodness import accuracies, find_right_labels, goodness_by_class
from darnax.analysis.measures import OWN
from darnax.layer_map import LayerMap
from darnax.modules import Constant, Ferromagnetic, FullyConnected, OutputLayer, Units
from darnax.orchestrators import SequentialOrchestrator
from darnax.phases import Phase, Phases
from darnax.rules import ForwardForward, Hebbian
from darnax.states import SequentialState

INPUTS, CLASSES, UNITS, BATCH = 6, 12, (5, 4, 7), 9  # more classes than are run side by side
KEY = jax.random.key(0)
LEARN = ("w_in", "w_label", "up2", "up3", "hidden*")
PHASES = Phases(
    recall=Phase(steps=1, start="blank", messages="forward"),
    negative=Phase(steps=1, start="blank", target="wrong", learn=LEARN),
    positive=Phase(steps=1, start="blank", messages={"polarity*": 1, "*": 1}, learn=LEARN),
)


def make_network(rule=None):
    """Return inputs, a label, three hidden layers that learn by their goodness, and an output."""
    keys = iter(jax.random.split(jax.random.key(3), 9))
    rule = ForwardForward() if rule is None else rule
    named = {} if isinstance(rule, Hebbian) else {"rule": rule, "third_factor": "polarity"}
    rows = {1: {1: Units(CLASSES, Linear()), 5: Ferromagnetic(CLASSES)}}
    names = {(1, 5): "show"}
    sizes = (INPUTS, *UNITS)
    for place, (pre, post) in enumerate(pairwise(sizes), start=2):
        sender, shape = (0, None) if place == 2 else (place - 1, UnitNorm())
        weight = FullyConnected(pre, post, 2.0, presynaptic=shape, key=next(keys), **named)
        layer = Units(post, ReLU())
        rows[place] = {sender: weight, place: layer, 5: Constant(CLASSES, post)}
        names[place, sender] = "w_in" if place == 2 else f"up{place - 1}"
        names[place, place] = f"hidden{place - 1}"
        names[place, 5] = f"polarity{place - 1}"
    rows[2][1] = FullyConnected(CLASSES, UNITS[0], 3.0, key=next(keys), **named)
    names[2, 1] = "w_label"
    rows[5] = {4: FullyConnected(UNITS[-1], CLASSES, key=next(keys)), 5: OutputLayer()}
    return SequentialOrchestrator(LayerMap.from_dict(rows, names))


def naive_goodness(network, x):
    """Return the sums of squares (layers, batch, classes), one example and class at a time."""
    w_in, w_label, *ups = (
        np.asarray(network.layer_map[name].W, float) for name in ("w_in", "w_label", "up2", "up3")
    )
    found = np.zeros((len(UNITS), len(x), CLASSES))
    for b, example in enumerate(x):
        for c in range(CLASSES):
            h = example @ w_in + np.where(np.arange(CLASSES) == c, 1.0, -0.5) @ w_label
            for layer, up in enumerate([*ups, None]):
                y = np.maximum(h, 0)
                found[layer, b, c] = sum(value**2 for value in y)
                if up is not None:
                    h = y / (np.sqrt(found[layer, b, c]) + 1e-4) @ up
    return found


def test_goodness_is_that_of_the_naive_model():
    network, x = make_network(), np.random.default_rng(0).normal(size=(BATCH, INPUTS))
    right = find_right_labels(network, PHASES)
    assert right.layers == (2, 3, 4)
    state = SequentialState([INPUTS, CLASSES, *UNITS, CLASSES]).init(jnp.asarray(x, jnp.float32))
    targets = 1.5 * jnp.eye(CLASSES) - 0.5
    found = np.asarray(goodness_by_class(network, state, right, targets, KEY))
    expected = naive_goodness(network, x)
    assert found.shape == (3, BATCH, CLASSES)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)

    classes, names = np.arange(BATCH) % CLASSES, ["hidden1", "hidden2", "hidden3"]
    rows = dict(accuracies(found, classes, names).rows)
    for layer, name in enumerate(names):
        answers = [int(np.argmax(of_example)) for of_example in expected[layer]]
        assert rows[name] == np.mean(answers == classes)
    answers = [int(np.argmax(of_example)) for of_example in expected[1] + expected[2]]
    assert rows["sum"] == np.mean(answers == classes)


def test_of_three_layers_the_first_is_not_in_the_sum():
    """Oracle: by hand; the first layer alone is sure of class 0, and wrong."""
    goodness = np.array([[[9.0, 0.0]], [[1.0, 2.0]], [[1.0, 2.0]]])
    names, classes = ["hidden1", "hidden2", "hidden3"], np.array([1])
    assert dict(accuracies(goodness, classes, names).rows)["sum"] == 1
    assert dict(accuracies(goodness[:2], classes, names[:2]).rows)["sum"] == 0


def test_the_phase_is_the_one_that_learns_right_labels_by_goodness():
    network = make_network()
    assert list(find_right_labels(network, PHASES).phases) == ["recall", "negative", "positive"]
    unlabelled = Phase(steps=1, start="blank", messages="forward", learn=LEARN)
    for phases in [
        {"recall": PHASES["recall"], "negative": PHASES["negative"]},
        {"unlabelled": unlabelled},  # the label reaches no layer
        {"frozen": Phase(steps=1, start="blank")},
    ]:
        assert find_right_labels(network, Phases(phases)) is None
    assert find_right_labels(make_network(Hebbian()), PHASES) is None


def noisy_prototypes(count):
    """Return noisy copies of four random patterns of 30 numbers, and their classes."""
    prototypes = np.random.default_rng(0).normal(size=(4, 30))
    rng, classes = np.random.default_rng(count), np.arange(count) % 4
    noisy = prototypes[classes] + 0.5 * rng.normal(size=(count, 30))
    return noisy.astype(np.float32), classes


SMALL = [
    "model.features=40",
    "data.batch_size=20",
    "runner.epochs=10",
    "runner.evaluate_every=10",
    "runner.checkpoint_every=10",
    "tracking=local",
]


def train(place: Path, *words: str) -> darnax.Run:
    """Train a small network on a task whose chance level is 1/4."""
    data = (*noisy_prototypes(400), *noisy_prototypes(80))
    return darnax.train(*words, *SMALL, f"paths.outputs={place}", data=data, progress=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> darnax.Run:
    words = ("+experiment=mnist_ff", "+data.labels._target_=darnax.data.Classes")
    return train(tmp_path_factory.mktemp("outputs"), *words)


@pytest.mark.slow
def test_a_trained_network_is_read_out_by_goodness(run: darnax.Run) -> None:
    found = run.analyse(only=["goodness"], examples=80, progress=False)
    rows = dict(found["goodness"].rows)
    assert list(rows) == ["hidden1", "hidden2", "sum", OWN]
    assert min(rows.values()) > 0.5
    assert rows["sum"] > 0.9
    assert rows[OWN] == pytest.approx(run.evaluate(progress=False).accuracy)
    assert "Readout by goodness" in found.page.read_text()


def test_it_has_no_rows_for_a_network_without_forward_forward(tmp_path: Path) -> None:
    other = train(tmp_path, "+experiment=mnist_backprop")
    found = other.analyse(only=["operations", "goodness"], progress=False)
    assert found["goodness"].rows == []
    assert "Synaptic operations" in found.page.read_text()
    assert "Readout by goodness" not in found.page.read_text()
    logged = {name: other.metrics[f"operations/{name}"].values[-1] for name in ("dense", "events")}
    assert dict(found["operations"].rows) == pytest.approx(logged)
