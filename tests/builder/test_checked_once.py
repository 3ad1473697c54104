"""Networks that differ in numbers alone are checked once. Oracle: the checks, counted."""

import sys

import pytest

from darnax.builder import build
from darnax.composing.composer import compose
from darnax.errors import RequestError

RATE = "optimizer.default.learning_rate.init_value"


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that has an entry for every network that is checked."""
    module = sys.modules["darnax.builder.build"]
    found, check = [], module.check_new_network

    def count(experiment, *arguments):
        found.append(experiment.name)
        return check(experiment, *arguments)

    monkeypatch.setattr(module, "check_new_network", count)
    monkeypatch.setattr(module, "checked", {})
    return found


def made(*words: str) -> None:
    build(compose(["+experiment=mnist_dfa", "model.features=20", *words]))


def test_a_network_is_checked_again_where_more_than_numbers_differ(checks):
    made(f"{RATE}=0.001")
    made(f"{RATE}=0.002", "model.adapters.w_in.strength=0.7", "seed=4")
    assert len(checks) == 1
    made("model.features=30")
    made("dynamics.train.step.steps=2")
    made("runner.replicas=2")
    assert len(checks) == 4


def test_a_network_that_is_refused_is_refused_again(checks):
    for _ in range(2):
        with pytest.raises(RequestError, match="no phase of dynamics"):
            made("dynamics.train.step.learn=[w_out]")
    assert len(checks) == 2
