"""Detects divergence: a number that is NaN, infinite or too large, and the module it belongs to."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from darnax.learning import trainable_by_phase
from darnax.numeric_checks import LARGEST, FiniteCheck, finite_checks, update_checks
from darnax.phases import Phases
from darnax.runner.experiment import Experiment
from darnax.runner.programs import NEVER
from darnax.runner.structure import Structure


class Divergence(NamedTuple):
    """The first failed check, in which batch of its window, and in which replica."""

    check: FiniteCheck
    batch: int
    replica: int

    def describe(self, step: int) -> str:
        """Return the message: which number of which module is not finite, and when."""
        phase, module, what = self.check
        limit = f"{LARGEST:.0e}".replace("e+0", "e")
        wrong = f"{what} is NaN, infinite or larger than {limit}"
        return f"{module}: {wrong}, in phase {phase} of step {step}"


class DivergenceMonitor:
    """Finds the first failed check of a run in what the training program returns."""

    def __init__(self, experiment: Experiment) -> None:
        self.checks, changes = list_checks(experiment)
        self.learning_phase = {check.module: check.phase for check in changes}
        self.first_phase = next(iter(experiment.train))

    def find(
        self, metrics: Mapping[str, Any], first_bad_batch: np.ndarray, last: int
    ) -> Divergence | None:
        """Return the first failed check of a chunk of batches, or None.

        Args:
            metrics: of the chunk; the norms of the weights among them are those at its end.
            first_bad_batch: for each check the first batch in which it failed, or NEVER; shape
                (checks,) or (replicas, checks).
            last: the last batch of the chunk.
        """
        batches = np.atleast_2d(first_bad_batch)
        replica, index = np.unravel_index(np.argmin(batches), batches.shape)
        if batches[replica, index] != NEVER:
            return Divergence(self.checks[index], int(batches[replica, index]), int(replica))
        # Weights that no phase trains, or that grow without a large step, fail none of the checks.
        for name, value in metrics.items():
            kind, _, module = name.partition("/")
            if kind != "norm":
                continue
            within = np.atleast_1d(value) <= LARGEST  # False for NaN
            if not np.all(within):
                phase = self.learning_phase.get(module, self.first_phase)
                check = FiniteCheck(phase, module, "its norm")
                return Divergence(check, last, int(np.argmin(within)))
        return None


def list_checks(experiment: Experiment) -> tuple[list[FiniteCheck], list[FiniteCheck]]:
    """Return all checks of a network, and those of them that are of a module's change."""
    return find_checks(Structure.of(experiment.make_network), experiment.train)


@lru_cache(maxsize=100)
def find_checks(
    make_network: Structure, train: Phases
) -> tuple[list[FiniteCheck], list[FiniteCheck]]:
    """Return the result of `list_checks` for networks that differ in numbers alone.

    The checks follow from the connection graph, so the network is only traced, never drawn.

    Args:
        make_network: the function that makes the network, without its numbers.
        train: the phases of training.
    """

    def checks_of_network(
        make_network: Any, key: jax.Array
    ) -> tuple[list[FiniteCheck], list[FiniteCheck]]:
        layer_map = make_network(key).layer_map
        learns = trainable_by_phase(layer_map, train)
        return finite_checks(layer_map, learns), update_checks(layer_map, learns)

    key = jax.eval_shape(lambda: jax.random.key(0))
    return eqx.filter_eval_shape(checks_of_network, make_network.abstract(), key)
