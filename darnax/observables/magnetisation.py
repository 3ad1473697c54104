"""The mean state of every hidden layer."""

import jax.numpy as jnp

from darnax.observables.interface import Metrics, Observable, StepContext


class Magnetisation(Observable):
    """`m = (1/N) Σ_i s_i` of every hidden layer at the end of a phase, over the batch.

    Args:
        phase: of training; None is the last.
    """

    phase: str | None

    def __init__(self, phase: str | None = None) -> None:
        self.phase = phase

    def __call__(self, step: StepContext) -> Metrics:
        """Return the magnetisation of every hidden layer, by the layer's name.

        Raises:
            ValueError: there is no such phase.
        """
        phase = list(step.phases)[-1] if self.phase is None else self.phase
        state = step.ends[phase].state
        names = step.network.layer_map.names_by_edge()
        return {names[i, i]: jnp.mean(state[i]) for i in step.network.hidden()}
