"""Networks that differ in numbers alone are checked once. Oracle: the checks, counted."""

import sys

import jax
import jax.numpy as jnp
import pytest

from darnax.builder import build
from darnax.builder.constructor import Constructor
from darnax.builder.deferred_call import DeferredCall
from darnax.builder.trials import choose_traced_numbers
from darnax.composing.composer import compose
from darnax.errors import RequestError
from darnax.runner.structure import Structure

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


def test_a_gate_of_a_layout_is_a_number_of_the_program(checks):
    """Oracle: the structure of the factory, and the gate of the network that it makes."""
    gated = "+model.adapters.w_in.connectivity={_target_: darnax.connectivity.Gated, gate: 0.5}"
    experiments = []
    for gate in (0.25, 0.75):
        words = [gated, f"model.adapters.w_in.connectivity.gate={gate}"]
        experiments.append(build(compose(["+experiment=mnist_dfa", "model.features=20", *words])))
    one, two = (Structure.of(each.make_network) for each in experiments)
    assert one == two
    assert len(checks) == 1
    made = [each.make_network(jax.random.key(0)) for each in experiments]
    assert [float(each.layer_map["w_in"].connectivity.gate) for each in made] == [0.25, 0.75]


def layout(gate):
    """Return what a layout has of a number, in Python control flow that no tracer can take."""
    return jnp.ones(3) if gate > 0 else jnp.zeros(3)


def scaled(connectivity, strength):
    return connectivity() * strength


def test_a_number_in_the_control_flow_of_a_layout_is_compiled_in_and_no_other():
    call = DeferredCall(Constructor(layout), {"gate": 0.5}, numbers=frozenset({"gate"}))
    outer = DeferredCall(
        scaled, {"connectivity": call, "strength": 2.0}, numbers=frozenset({"strength"})
    )

    def evaluate(call):
        return call()

    found = choose_traced_numbers(outer, evaluate, evaluate)
    assert jax.tree.leaves(found) == [2.0]
    assert found().tolist() == [2.0, 2.0, 2.0]
