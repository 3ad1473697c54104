"""Evaluation with scores that are not accuracies. Oracle: the label code."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from darnax.builder import build
from darnax.composing.composer import compose
from darnax.data import Classes, Resident
from darnax.data.labels import Labels
from darnax.runner.evaluate import evaluate
from darnax.runner.programs import ParallelRuns


class Closeness(Labels):
    """Scores by distance, although the targets are classes."""

    def encode(self, targets, classes):
        return Classes().encode(targets, classes)

    def score(self, prediction, y):
        return 1 / (1 + jnp.mean((prediction - y) ** 2, axis=1))


@pytest.mark.parametrize("labels", [Classes(), Closeness()])
def test_only_right_and_wrong_predictions_have_an_accuracy_and_a_table(labels):
    small = ["model.depth=1", "model.features=50", "data.batch_size=4", "data.validation=0"]
    experiment = build(compose(["+experiment=digits_smoke", *small]))
    experiment = replace(experiment, data=experiment.data.model_copy(update={"labels": labels}))
    runs = ParallelRuns([experiment], 1)
    draw = np.random.default_rng(0)
    split = Resident(
        draw.integers(0, 256, (20, 28, 28, 1), np.uint8), np.arange(20, dtype=np.int32) % 10
    )
    found = evaluate(runs, runs.initial_state().arrays, split, tuple("0123456789"))
    assert (
        found.right_or_wrong
        == (found.majority_rate is not None)
        == bool(found.class_names)
        == bool(found.confusion.size)
    )
    assert found.right_or_wrong == isinstance(labels, Classes)
