"""A run whose numbers are none, or beyond all bounds, goes no further: where that began, in words."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from darnax.learning import trainable_by_phase
from darnax.numeric_checks import LARGEST, FiniteCheck, finite_checks, update_checks
from darnax.runner.experiment import Experiment
from darnax.runner.programs import NEVER


class Divergence(NamedTuple):
    """What was out of bounds first, in which batch of its window, and in which replica."""

    place: FiniteCheck
    batch: int
    replica: int

    def describe(self, step: int) -> str:
        """Return the message: which number of which module is out of bounds, and when."""
        module, phase, what = self.place.module, self.place.phase, self.place.what
        return f"{module}: {what} is no number, or larger than {LARGEST:.0e}, in phase {phase} of step {step}"


class DivergenceMonitor:
    """Finds the first number of a run that is out of bounds, and where it was checked."""

    def __init__(self, experiment: Experiment) -> None:
        self.places, changing = known(experiment)
        learnt = {place.module: place.phase for place in changing}
        always = next(iter(experiment.train))
        self.phase_of: Callable[[str], str] = lambda module: learnt.get(module, always)

    def find(
        self, metrics: Mapping[str, Any], first_bad_batch: np.ndarray, last: int
    ) -> Divergence | None:
        """Look at what a chunk of batches, of which `last` was the last, brought back."""
        batches = np.atleast_2d(first_bad_batch)
        replica, place = np.unravel_index(np.argmin(batches), batches.shape)
        if batches[replica, place] != NEVER:
            return Divergence(self.places[place], int(batches[replica, place]), int(replica))
        for name, value in metrics.items():
            kind, _, module = name.partition("/")
            if kind == "norm" and not np.all(within := np.atleast_1d(value) <= LARGEST):
                return Divergence(
                    FiniteCheck(self.phase_of(module), module, "the norm of it"),
                    last,
                    int(np.argmin(within)),
                )
        return None


def known(experiment: Experiment) -> tuple[list[FiniteCheck], list[FiniteCheck]]:
    """Return the places of a network, and those of them where it changes; nothing is computed but the wiring."""

    def found(key: jax.Array) -> tuple[list[FiniteCheck], list[FiniteCheck]]:
        layer_map = experiment.make_network(key).layer_map
        learns = trainable_by_phase(layer_map, experiment.train)
        return finite_checks(layer_map, learns), update_checks(layer_map, learns)

    return eqx.filter_eval_shape(found, jax.eval_shape(lambda: jax.random.key(0)))
