"""A readout with a rule for classes where the targets are numbers: a warning, with the remedy."""

import logging
from types import SimpleNamespace

import pytest

from darnax.data import Classes, Patterns, Values
from darnax.laboratory.readout_rules import warn_of_readouts
from darnax.layer_map import LayerMap
from darnax.modules import FullyConnected, OutputLayer
from darnax.orchestrators import SequentialOrchestrator
from darnax.rules import Delta, SoftmaxDelta


def experiment(labels, rule):
    """Return an experiment of one readout."""

    def make_network(key):
        rows = {1: {0: FullyConnected(3, 2, rule=rule, key=key), 1: OutputLayer()}}
        return SequentialOrchestrator(LayerMap.from_dict(rows, {(1, 0): "w_out1"}))

    return SimpleNamespace(data=SimpleNamespace(labels=labels), make_network=make_network)


@pytest.mark.parametrize(
    ("labels", "rule", "advice"),
    [
        (Patterns(), SoftmaxDelta(), "model.adapters.w_out.rule._target_=darnax.rules.Perceptron"),
        (Values(0.0, 1.0), SoftmaxDelta(), "w_out.rule._target_=darnax.rules.Delta, with a small"),
        (Classes(), SoftmaxDelta(), ""),
        (Values(0.0, 1.0), Delta(), ""),
    ],
)
def test_a_rule_for_classes_warns_where_targets_are_numbers(labels, rule, advice, caplog):
    with caplog.at_level(logging.WARNING, logger="darnax"):
        warn_of_readouts(experiment(labels, rule))
    assert [advice in record.getMessage() for record in caplog.records] == [True] * bool(advice)
