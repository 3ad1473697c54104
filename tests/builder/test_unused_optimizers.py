"""An override of an optimiser that no module uses: a warning. Oracle: the groups by hand."""

import pytest

from darnax.builder import build
from darnax.composing.composer import compose
from darnax.laboratory.unused_optimizers import explain_unused

RATE = "optimizer.default.learning_rate=0.1"
GROUPED = ["+experiment=mnist_chain", "model.features=400"]  # three groups, which have all modules
UNGROUPED = ["+experiment=mnist_dfa", "model.features=20"]


@pytest.mark.parametrize(
    ("experiment", "word", "warns"),
    [
        (GROUPED, RATE, True),
        (GROUPED, "runner.epochs=1", False),
        (UNGROUPED, "optimizer.default.learning_rate.init_value=0.1", False),
    ],
)
def test_an_override_of_an_optimizer_that_nothing_uses_is_named(experiment, word, warns):
    lines = explain_unused(lambda: build(compose([*experiment, word])), [word])
    reason = "every module that learns is in one of optimizer.groups.hidden, optimizer.groups.w_in"
    assert [line.startswith(f"{word} has no effect: {reason}") for line in lines] == [True] * warns
