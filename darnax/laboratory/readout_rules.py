"""A warning for a readout whose rule is one for classes while the targets are numbers."""

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darnax.runner.experiment import Experiment

logger = logging.getLogger(__name__)
READS_CLASSES = (
    "%s learns by SoftmaxDelta, which reads of a target which of its units is above 0, and the "
    "targets are %s; choose another rule: %s"
)
PATTERNS = "model.adapters.%s.rule._target_=darnax.rules.Perceptron"
VALUES = "model.adapters.%s.rule._target_=darnax.rules.Delta, with a small rate such as 0.02"


def warn_of_readouts(experiment: "Experiment") -> None:
    """Warn of every readout with the rule of classes where the targets are no classes."""
    import jax

    from darnax.data import Patterns, Values
    from darnax.rules import SoftmaxDelta

    labels = experiment.data.labels
    if not isinstance(labels, Patterns | Values):
        return
    is_pattern = isinstance(labels, Patterns)
    what = "patterns of ±1" if is_pattern else "numbers"
    layer_map = jax.eval_shape(experiment.make_network, jax.random.key(0)).layer_map
    for (receiver, sender), module in layer_map.edge_items():
        rule = getattr(module, "rule", None)
        if receiver == layer_map.output != sender and isinstance(rule, SoftmaxDelta):
            name = layer_map.names_by_edge()[receiver, sender]
            entry = name.rstrip("0123456789")
            choice = (PATTERNS if is_pattern else VALUES) % entry
            logger.warning(READS_CLASSES, name, what, choice)
